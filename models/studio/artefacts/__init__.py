"""Pictures damaged by artefacts of one kind in four graded steps, which measures of quality are tested on."""
