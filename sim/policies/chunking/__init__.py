"""How a root filesystem is cut into what registries tell apart: `cut(view: Rootfs, parameters) -> Chunks`."""
