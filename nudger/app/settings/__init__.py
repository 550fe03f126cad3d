"""The operator's settings: from the environment, from credentials, from the settings file.

A setting is named `NUDGER_` and its field here in capitals. The environment wins over a credential
(a file in `$CREDENTIALS_DIRECTORY`, which systemd's LoadCredential= fills), a credential over the
settings file: what was put apart on purpose counts, not what was left behind. An empty value is no
value. A relative path is relative to the folder of the settings file, in the environment to the
current folder. Every setting with its default stands in settings.example.env.
"""

from nudger.app.settings.loading import load
from nudger.app.settings.model import Settings

__all__ = ["Settings", "load"]
