mod outputs;
mod outputs_day;
