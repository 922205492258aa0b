HERE = "never: the folder is found first"
