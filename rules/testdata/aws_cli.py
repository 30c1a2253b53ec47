"""Reads argument lists of the AWS CLI, one JSON array a line, and prints what the
CLI's own tables say against each, one JSON array of faults a line. Nothing is sent."""

import json
import sys

import awscli.clidriver

driver = awscli.clidriver.create_clidriver()
services = driver._get_command_table()
shared = {"--" + name for name in driver._get_argument_table()} | {"--version", "--debug"}


def table(command):
    """The commands below a command, None where there are none."""
    for name in ("_get_command_table", "_get_subcommand_table", "_build_subcommand_table"):
        if hasattr(command, name):
            return getattr(command, name)()
    return getattr(command, "subcommand_table", None)


def arguments(command):
    """The arguments of a command, by name, with the group of which one must be there, if one must."""
    found = command.arg_table.values()
    return {a.cli_name: a.group_name if a.required and not a.positional_arg else None for a in found}


def faults(argv):
    words = argv[1:]
    command = services.get(words[0])
    if command is None:
        return [f"aws has no command {words[0]}"]
    words = words[1:]
    while words and not words[0].startswith("-"):
        below = table(command)
        if not below:
            break
        if words[0] not in below:
            return [f"{' '.join(argv[:3])}: no such command"]
        command, words = below[words[0]], words[1:]
    known = arguments(command)
    given = {w.split("=")[0] for w in words if w.startswith("--")}
    bad = [f"no argument {g}" for g in sorted(given - set(known) - shared)]
    groups = {a.group_name for a in command.arg_table.values() if a.cli_name in given}
    return bad + [f"needs {name}" for name, group in sorted(known.items()) if group and group not in groups]


for line in sys.stdin:
    print(json.dumps(faults(json.loads(line))), flush=True)
