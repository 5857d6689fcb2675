mod audit;
mod outputs;
mod outputs_day;
