function mpc = small
mpc.version = '2'; % of two buses and a spare one
mpc.baseMVA = 20/2;
mpc.bus = [
1 3 0 0 0 0 1 1 0 10 1 1.1 0.9;
2 1 500 100 0 0.2 1 1 0 10 1 1.1 0.9 % 500 kW
7 4 0 0 0 0 1 1 0 10 1 1.1 0.9; ];
mpc.gen = [1, 0, 0, 10, -10, 1.02, 10, 1; 2 100 0 0 0 1 10 1];
mpc.branch = [ 2 1 1.0 2.0 0.01 4 0 0 0 0 1; 1 2 1 1 0 0 0 0 0 0 1];
