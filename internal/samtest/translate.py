"""Prints as JSON what CloudFormation gets when it is given a SAM template.

Code and definitions are local files in the template; they stand for uploaded
ones here.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """Knows no managed policy by name: the template names none."""

    def load(self):
        return {}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        template = yaml_parse(file)
    for resource in template["Resources"].values():
        for name in ("CodeUri", "DefinitionUri"):
            path = resource.get("Properties", {}).get(name)
            if isinstance(path, str):
                resource["Properties"][name] = "s3://uploads/" + path
    json.dump(transform(template, {}, ManagedPolicies()), sys.stdout)


main()
