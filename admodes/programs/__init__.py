"""Work on a recorded function (a Program, its list of operations): derivatives, evaluation at other
values, tidying, printing, counting."""
