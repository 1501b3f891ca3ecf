// SPDX-License-Identifier: Apache-2.0

import dev.diffusion4j.tracking.MlflowTracker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a training would log, with values that are no numbers. Run as one source file: java -cp … JavaMlflow.java FOLDER FROM TO. */
public final class JavaMlflow {
    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        Files.writeString(folder.resolve("recipe.yaml"), "name: by hand\nsummary: \"x σ\"\nlong: " + "x".repeat(7000) + "\n");
        try (MlflowTracker tracker = new MlflowTracker(folder, 0)) {
            for (int step = Integer.parseInt(arguments[1]); step <= Integer.parseInt(arguments[2]); step++) {
                Map<String, Double> values = new LinkedHashMap<>();
                values.put("loss", step % 7 == 0 ? Double.NaN : step % 11 == 0 ? Double.NEGATIVE_INFINITY : 1.0 / step);
                values.put("odd name: σ", step % 13 == 0 ? Double.POSITIVE_INFINITY : 1e-310 * step);
                tracker.scalars(step, values);
            }
            tracker.end(true);
        }
    }

    private JavaMlflow() {}
}
