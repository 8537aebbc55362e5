"""The Northwind shop: a small real product that the demo and the tests deploy."""
