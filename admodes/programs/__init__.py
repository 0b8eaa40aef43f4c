"""Work on a recorded function (a WengertList, its operations in order): derivatives, evaluation at
other values, tidying, printing, counting."""
