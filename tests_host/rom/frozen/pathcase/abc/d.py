from ..ab import HERE as BESIDE
from . import HERE as ABOVE

HERE = __name__
NEAR = ABOVE, BESIDE
