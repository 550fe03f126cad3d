"""`python -m nudger.web.api`: the OpenAPI description, for docs/openapi.json."""

import json

from nudger.web.api.openapi import description

if __name__ == "__main__":
    print(json.dumps(description(), indent=2, ensure_ascii=False))  # noqa: T201
