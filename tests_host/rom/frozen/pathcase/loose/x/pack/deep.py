from ....a import HERE as FAR

HERE = __name__
UP = FAR
