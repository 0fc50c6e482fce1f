"""The Lua programs that are debugged in the workbench, and how a folder says what to debug."""

import json
from pathlib import Path

SHOP = """\
local cart = { items = {}, total = 0 }

local function add(name, price)
  cart.items[#cart.items + 1] = { name = name, price = price }
  cart.total = cart.total + price
  return #cart.items
end

for index, name in ipairs({ "apple", "bread", "cheese" }) do
  local count = add(name, index * 2)
  print(index, name, count)
end
print("total", cart.total)
"""

FAILING = """\
local prices = { apple = 3 }
local function price_of(name)
  return prices[name] or error("no price for " .. name)
end
print(price_of("apple") + price_of("bread"))
"""

LOOPING = """\
local round = 0
while round < 1000000000 do
  round = round + 1
  local half = round / 2
end
"""


def configure(folder: Path, *configurations: object, compounds: object = ()) -> None:
    """Write the launch.json of a folder."""
    (folder / ".vscode").mkdir()
    launch = {"version": "0.2.0", "configurations": configurations, "compounds": compounds}
    (folder / ".vscode" / "launch.json").write_text(json.dumps(launch), encoding="utf-8")


def write_python(file: Path) -> Path:
    """A Python that would take packages, as it says, and installs nothing; its path."""
    about = json.dumps({"isEnvironment": False, "isManaged": False, "hasPip": True})
    answer = f"[ \"$1\" = -c ] && exec echo '{about}'"
    rest = f'echo "not run: {file.name} $*"'
    file.write_text(f"#!/bin/sh\n{answer}\n{rest}\n", encoding="utf-8")
    file.chmod(0o755)
    return file
