"""The artefacts that are looked for: a new one has a file of its own, and a line here."""

from __future__ import annotations

from editjudge.metrics.rewards.artefacts.artefact import Artefact
from editjudge.metrics.rewards.artefacts.banding import BANDING
from editjudge.metrics.rewards.artefacts.bleeding import BLEEDING
from editjudge.metrics.rewards.artefacts.blocking import BLOCKING
from editjudge.metrics.rewards.artefacts.blur import BLUR
from editjudge.metrics.rewards.artefacts.cut import CUT
from editjudge.metrics.rewards.artefacts.noise import NOISE
from editjudge.metrics.rewards.artefacts.ringing import RINGING
from editjudge.metrics.rewards.artefacts.seams import SEAMS

ARTEFACTS: tuple[Artefact, ...] = (NOISE, BLUR, BLOCKING, BANDING, RINGING, SEAMS, BLEEDING, CUT)
