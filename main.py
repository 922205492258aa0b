# Your application. Everything that needs no Python is in uplink.json.

from uplink import App

app = App("uplink.json")
state = {"led": False}  # in place of a machine.Pin


@app.telemetry
def values(out):
    """Called for each message: add your own values."""
    out.flag(b"led", state["led"])


@app.command("led")
def led(value):
    """Obeys {"led": true}; what it returns is the answer."""
    state["led"] = bool(value)
    return state["led"]


app.run()
