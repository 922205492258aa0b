HERE = __name__
