# Runs on the board: does its own firmware take this configuration? ARGUMENT: the file's name.
import json

answer = {"id": None, "error": None}
try:
    from uplink import config

    name = config.load(ARGUMENT)["id"]
    answer["id"] = name if isinstance(name, str) else bytes(name).decode()
except Exception as error:
    answer["error"] = str(error) or repr(error)
print(json.dumps(answer))
