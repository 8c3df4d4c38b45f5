"""A noun whose verb has an argument named like a global option, for tests of the face."""

import click

from commands.app import noun
from commands.shapes import Shape

toy = noun("toy", help="Things to test with.")
parts = toy.group("parts", help="Parts of toys.")


@toy.verb("wind", shape=Shape.ROWS, example="manage-resources toy wind duck")
@click.argument("region")
@click.option("--loud", is_flag=True, help="Make it heard.")
def wind(region: str, loud: bool) -> tuple[str, bool]:
    """Wind a toy up.

    A second paragraph.
    """
    return region, loud


@parts.verb("paint", shape=Shape.CHANGES, example="manage-resources toy parts paint")
def paint() -> str:
    """Paint the parts."""
    return "painted"
