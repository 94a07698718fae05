"""What the studio's world consists of: object names with their sprites, colours and textures."""

from __future__ import annotations

SPRITES: dict[str, str] = {
    "airplane": "2708-fe0f", "anchor": "2693", "apple": "1f34e", "avocado": "1f951", "backpack": "1f392",
    "balloon": "1f388", "banana": "1f34c", "basket": "1f9fa", "basketball": "1f3c0", "bed": "1f6cf-fe0f",
    "bee": "1f41d", "bicycle": "1f6b2", "book": "1f4d5", "boot": "1f462", "bottle": "1f37e",
    "bread": "1f35e", "broccoli": "1f966", "broom": "1f9f9", "bucket": "1faa3", "burger": "1f354",
    "bus": "1f68c", "butterfly": "1f98b", "cactus": "1f335", "cake": "1f382", "camera": "1f4f7",
    "candle": "1f56f-fe0f", "car": "1f697", "carrot": "1f955", "castle": "1f3f0", "cat": "1f408",
    "chair": "1fa91", "cheese": "1f9c0", "cherries": "1f352", "clock": "23f0", "cookie": "1f36a",
    "corn": "1f33d", "cow": "1f404", "crab": "1f980", "crocodile": "1f40a", "croissant": "1f950",
    "crown": "1f451", "cup": "2615", "dog": "1f415", "dolphin": "1f42c", "donut": "1f369",
    "dress": "1f457", "drum": "1f941", "duck": "1f986", "eggplant": "1f346", "elephant": "1f418",
    "fish": "1f41f", "flamingo": "1f9a9", "frog": "1f438", "gift": "1f381", "giraffe": "1f992",
    "glasses": "1f453", "grapes": "1f347", "guitar": "1f3b8", "hammer": "1f528", "handbag": "1f45c",
    "hat": "1f452", "hedgehog": "1f994", "helicopter": "1f681", "horse": "1f40e", "house": "1f3e0",
    "kangaroo": "1f998", "key": "1f511", "kite": "1fa81", "ladder": "1fa9c", "ladybug": "1f41e",
    "lamp": "1f4a1", "laptop": "1f4bb", "lemon": "1f34b", "lollipop": "1f36d", "microscope": "1f52c",
    "moon": "1f319", "motorcycle": "1f3cd-fe0f", "mushroom": "1f344", "octopus": "1f419", "owl": "1f989",
    "palm tree": "1f334", "parrot": "1f99c", "pencil": "270f-fe0f", "penguin": "1f427", "piano": "1f3b9",
    "pig": "1f416", "pineapple": "1f34d", "pizza": "1f355", "pretzel": "1f968", "rabbit": "1f407",
    "robot": "1f916", "rocket": "1f680", "rooster": "1f413", "rose": "1f339", "sailboat": "26f5",
    "scissors": "2702-fe0f", "shark": "1f988", "sheep": "1f411", "ship": "1f6a2", "shirt": "1f455",
    "shoe": "1f45f", "snail": "1f40c", "snake": "1f40d", "snowman": "26c4", "soccer ball": "26bd",
    "sofa": "1f6cb-fe0f", "spider": "1f577-fe0f", "squirrel": "1f43f-fe0f", "star": "2b50", "strawberry": "1f353",
    "sunflower": "1f33b", "taco": "1f32e", "teapot": "1fad6", "teddy bear": "1f9f8", "telescope": "1f52d",
    "television": "1f4fa", "tent": "26fa", "tractor": "1f69c", "train": "1f682", "tree": "1f333",
    "truck": "1f69a", "trumpet": "1f3ba", "turtle": "1f422", "umbrella": "2602-fe0f", "violin": "1f3bb",
    "watermelon": "1f349", "whale": "1f433", "zebra": "1f993",
}  # fmt: skip
"""By name of an object the code point of the Fluent Emoji 3D sprite that shows it."""

NAMES: tuple[str, ...] = tuple(SPRITES)

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 36), "orange": (245, 130, 20), "yellow": (248, 214, 30), "green": (40, 165, 60),
    "blue": (36, 88, 225), "purple": (135, 50, 190), "pink": (248, 120, 185), "brown": (122, 74, 40),
    "black": (28, 28, 32), "white": (246, 246, 246),
}  # fmt: skip

OPPOSITES: dict[str, str] = {
    "red": "green", "orange": "blue", "yellow": "purple", "green": "red", "blue": "orange", "purple": "yellow",
    "pink": "green", "brown": "blue", "black": "white", "white": "black",
}  # fmt: skip
"""By colour the one across the circle of hues; of black and white the other one."""

TEXTURES: tuple[str, ...] = ("striped", "checkered", "dotted", "wooden", "marble", "golden")

STYLES: dict[str, str] = {
    "gray": "black and white",
    "sepia": "sepia",
    "night": "night",
    "sunset": "sunset",
    "pixel": "pixel art",
    "negative": "negative",
}
"""By style the phrase that an instruction asks for it with; also the caption of a picture in that style."""

PHOTOS_TRAIN: tuple[str, ...] = (
    "brick", "camera", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "ihc", "motorcycle_right", "page",
)  # fmt: skip
"""Photographs that scikit-image carries inside its wheel."""
PHOTOS_HELD_OUT: tuple[str, ...] = ("astronaut", "chelsea", "rocket", "retina", "moon", "cell", "text")
"""More of them, which no training sees."""
