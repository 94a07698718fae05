"""Packages that carry photographs under free licences, and which of their files are photographs (see NOTICE.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A package, and regular expressions for its paths.

    Attributes:
        package: NAME@VERSION on npm; a name on Debian.
        keep: Found in the path of each photograph.
        leave: Found in paths that are none: drawings, screenshots, copies, and pictures of another's brand.
    """

    package: str
    keep: str = r"\.jpe?g$"
    leave: str = r"$^"


TEMPLATE = r"(examples|theme|img)/(landing|profile)\.|placeholder|/src/"
NPM = (
    Source("argon-design-system-free@1.2.0", leave=TEMPLATE),
    Source("material-kit@2.0.4", leave=TEMPLATE),
    Source("paper-kit-2@2.1.0", leave=TEMPLATE),
    Source("startbootstrap-agency@7.0.12", leave=rf"{TEMPLATE}|portfolio/[34]\."),
    Source("startbootstrap-business-casual@7.0.9", leave=TEMPLATE),
    Source("startbootstrap-clean-blog@6.0.9", leave=TEMPLATE),
    Source("startbootstrap-coming-soon@6.0.7", leave=TEMPLATE),
    Source("startbootstrap-creative@7.0.7", leave=TEMPLATE),
    Source("startbootstrap-grayscale@7.0.6", leave=TEMPLATE),
    Source("startbootstrap-landing-page@6.0.6", leave=TEMPLATE),
    Source("startbootstrap-one-page-wonder@6.0.6", leave=TEMPLATE),
    Source("startbootstrap-resume@7.0.6", leave="/src/"),
    Source("startbootstrap-stylish-portfolio@6.0.6", leave=TEMPLATE),
    Source("material-dashboard@3.1.0", leave=r"drake|illustrations|pricing"),
    Source("material-dashboard-react@1.10.0", keep=r"documentation/assets/img/sidebar.*\.jpg$"),
    Source("now-ui-kit-react@1.5.0", leave=r"landing|logo|blurred|profile|ryan|eva|julie|avatar|header"),
    Source("soft-ui-dashboard@1.0.1", leave=r"curved"),
    Source("soft-ui-design-system@1.0.4", leave=r"curved"),
    Source("tabler-ui@0.0.34", keep=r"/dist/demo/photos/.*-1500\.jpg$"),
    Source("@tabler/preview@1.2.0", keep=r"/static/(photos|marketing/photo|products/product)[^.]*\.jpg$"),
    Source("uikit@3.25.29", keep=r"/(photo|slider|size)[^/]*\.jpg$"),
    Source("hexo-theme-landscape@1.1.0"),
)
"""Page templates under the MIT License, with the photographs that they show."""

DEBIAN = (
    Source(
        "gimp-help-en",
        keep=r"quickie-.*-source|quickie-jpeg-ex|tone-mapping/(power|before|tree|apple)|vignette-ex-orig",
    ),
    Source("hugin-data", keep=r"(Neckarfront_small|GrandCentral|Rectlinear|Big_ben_rectilinear|SB_Blended|Pantheon).*"),
    Source("lomiri-wallpapers-16.04", leave=r"umang|analogpattern"),
    Source("lomiri-wallpapers-20.04", keep=r"Kleiber"),
    Source("mate-backgrounds", keep=r"/nature/(?!Wood|Blinds|Aqua).*\.jpg$"),
    Source(
        "opencv-doc",
        keep=r"examples/(data/(aero1|aloeL|apple|baboon|board|building|butterfly|fruits|home|left|leuvenA|orange|"
        r"squirrel_cls|stuff|rubberwhale1|basketball1|box_in_scene)\.|hfs/data/|text/scenetext0|alphamat/input).*",
    ),
    Source("palapeli-data", keep=r"collection/.*\.jpg$"),
    Source(
        "plasma-workspace-wallpapers",
        keep=r"/(FallenLeaf|DarkestHour|Path|EveningGlow|Grey|BytheWater|Kite|summer_1am|"
        r"OneStandsOut)/contents/screenshot\.jpg$",
    ),
    Source("python3-sklearn"),
)
"""Packages of Debian, whose files lie in them as they are."""

GCOMPRIS = "gcompris-qt-data"
CONTAINERS = (
    "categorization", "erase", "explore_farm_animals", "explore_monuments", "explore_world_animals",
    "explore_world_music",
)  # fmt: skip
"""Those resource files of GCompris that hold photographs."""

CUT_OUTS = Source(
    "tuxpaint-stamps-default",
    keep=r"/(animals|food|hobbies|household|plants|sports|vehicles)/.*\.png$",
    leave=r"cartoon|toys|armor|mirror|police|hedgehog|pizza|plastic|cylinder|glass|bassoon|nuts|utensils",
)
"""Photographs of single objects, cut out of their surroundings."""
