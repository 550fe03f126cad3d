"""Pages as they go out: templates in the frame that all of them share, and the headers they need."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

FOLDER = Path(__file__).parent / "pages"

# Under no-referrer browsers send `Origin: null` with forms, and ours could not be told apart. This one
# gives away the origin at most: never a path, which may hold a token.
POLICY = {"Referrer-Policy": "strict-origin"}


class Pages:
    """The templates of `pages/`; whatever is put into them is text and never markup."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, template: str, *, language: str = "en", status: int = 200, root: str = "", **values: object
    ) -> Response:
        """A whole page, in the frame. `root` is what the address has before our paths."""
        return HTMLResponse(self.part(template, language=language, root=root, **values), status, POLICY)

    def part(self, template: str, **values: object) -> str:
        """The HTML of one template."""
        return self._environment.get_template(template).render(values)
