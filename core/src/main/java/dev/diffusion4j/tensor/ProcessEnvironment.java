// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.util.Optional;

/** C's {@code setenv}, which native libraries see; {@code System.getenv} does not. */
final class ProcessEnvironment {
    private static final int FIRST_JDK_WITH_FFM = 22;

    private ProcessEnvironment() {}

    /** The part of the C library that is used. */
    interface CLibrary extends Library {
        int setenv(String name, String value, int overwrite);

        int _putenv_s(String name, String value);
    }

    static void set(String name, String value) throws ReflectiveOperationException {
        int result;
        if (Platform.isWindows() || Runtime.version().feature() < FIRST_JDK_WITH_FFM) {
            JnaUse.check();
        }
        if (Platform.isWindows()) {
            result = Native.load("msvcrt", CLibrary.class)._putenv_s(name, value);
        } else if (Runtime.version().feature() >= FIRST_JDK_WITH_FFM) {
            result = setenvByForeignFunction(name, value);
        } else {
            result = Native.load("c", CLibrary.class).setenv(name, value, 1);
        }
        if (result != 0) {
            throw new IllegalStateException("setenv returned " + result);
        }
    }

    /** {@code java.lang.foreign} through reflection, because these classes are compiled for Java 17. */
    private static int setenvByForeignFunction(String name, String value) throws ReflectiveOperationException {
        Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
        Class<?> valueLayout = Class.forName("java.lang.foreign.ValueLayout");
        Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
        Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
        Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        Class<?> arenaType = Class.forName("java.lang.foreign.Arena");
        Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
        Object symbol = ((Optional<?>) Class.forName("java.lang.foreign.SymbolLookup")
                        .getMethod("find", String.class)
                        .invoke(lookup, "setenv"))
                .orElseThrow();
        Object address = valueLayout.getField("ADDRESS").get(null);
        Object integer = valueLayout.getField("JAVA_INT").get(null);
        Object arguments = java.lang.reflect.Array.newInstance(layoutType, 3);
        java.lang.reflect.Array.set(arguments, 0, address);
        java.lang.reflect.Array.set(arguments, 1, address);
        java.lang.reflect.Array.set(arguments, 2, integer);
        Object descriptor =
                descriptorType.getMethod("of", layoutType, arguments.getClass()).invoke(null, integer, arguments);
        Object options = java.lang.reflect.Array.newInstance(optionType, 0);
        MethodHandle setenv = (MethodHandle) linkerType
                .getMethod("downcallHandle", segmentType, descriptorType, options.getClass())
                .invoke(linker, symbol, descriptor, options);
        Object arena = arenaType.getMethod("ofAuto").invoke(null);
        Method allocate = Class.forName("java.lang.foreign.SegmentAllocator").getMethod("allocateFrom", String.class);
        Object nameText = allocate.invoke(arena, name);
        Object valueText = allocate.invoke(arena, value);
        try {
            return (int) setenv.invokeWithArguments(nameText, valueText, 1);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
