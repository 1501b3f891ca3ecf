// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

/** Whether the vector loops can be used. Loading this class loads nothing of the incubating module. */
public final class VectorSupport {
    private static final boolean AVAILABLE = !Boolean.getBoolean("diffusion4j.vector.off")
            && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    private VectorSupport() {}

    /** Whether the JVM was started with {@code --add-modules jdk.incubator.vector}; {@code -Ddiffusion4j.vector.off=true} refuses. */
    public static boolean isAvailable() {
        return AVAILABLE;
    }

    /** Numbers that one instruction works on; 0 where the loops cannot be used. */
    public static int lanes() {
        return AVAILABLE ? VectorMath.LANES : 0;
    }
}
