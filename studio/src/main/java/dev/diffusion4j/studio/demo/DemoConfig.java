// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.LossGuidance.Gradient;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is in a demo's folder: {@code demo.json}.
 *
 * @param title above the page
 * @param guide the key of a {@link DemoGuide}
 * @param model where it is in the folder
 * @param clip where the CLIP is in the folder; {@code null} where none is needed
 * @param gradient through what the push goes, {@code cheap} or {@code exact}: the first, as in the course, does next to nothing early on where a network
 *     predicts anything but the noise
 * @param steps of DDIM
 * @param takes what a picture needs beside: {@code nothing}, {@code class} or {@code prompt}
 * @param classes how many there are
 */
public record DemoConfig(
        String title,
        String guide,
        String model,
        @Nullable String clip,
        String gradient,
        int steps,
        String takes,
        int classes) {
    /** Its name in the folder. */
    static final String FILE = "demo.json";

    /** The course's, but for the model. */
    public static final DemoConfig DEFAULT = new DemoConfig(
            "diffusion4j demo", DemoGuide.COLOR.key(), "model", null, Gradient.CHEAP.key(), 40, "nothing", 0);

    public DemoConfig {
        DemoGuide.of(guide);
        Keyed.fromKey(Gradient.class, gradient, "gradient");
        Check.positive(steps, "steps");
        Check.notNegative(classes, "classes");
    }

    /** @throws Problem (a failure) where the folder holds no demo */
    static DemoConfig read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw Problem.failure(folder + " is no demo: it has no " + FILE + "; pack one first");
        }
        return Records.bind(DEFAULT, Json.readObject(file), file.toString());
    }

    String toJson() {
        return Json.pretty(Records.toMap(this));
    }

    /** What the page asks for first. */
    Map<String, @Nullable Object> page() {
        DemoGuide kind = DemoGuide.of(guide);
        Map<String, @Nullable Object> map = new LinkedHashMap<>(Records.toMap(this));
        map.remove("model");
        map.remove("clip");
        map.put("control", kind.control());
        map.put("start", Records.toMap(kind.start()));
        map.put("examples", kind.examples().stream().map(Records::toMap).toList());
        return map;
    }
}
