"""perdure beside pickle, marshal, msgspec and orjson: speed, peak memory, start-up."""
