"""Why a derivative may take more than f, or grow faster."""

REASONS: dict[str, str] = {}
