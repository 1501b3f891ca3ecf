// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Keeps the losses of a steered run, step by step, as the mean of all pictures drawn; scaled, as texts print them. */
public final class LossTrace implements StepListener {
    private static final String HEAD = "step,guidance,loss\n";

    private final Map<String, TreeMap<Integer, Mean>> byName = new LinkedHashMap<>();

    private static final class Mean {
        double sum;
        long count;

        double value() {
            return sum / count;
        }
    }

    @Override
    public void onStep(StepEvent event) {
        long pictures = event.sample().size(0);
        for (LossValue loss : event.losses()) {
            Mean mean = byName.computeIfAbsent(loss.name(), name -> new TreeMap<>())
                    .computeIfAbsent(event.stepIndex(), step -> new Mean());
            mean.sum += loss.scaled() * pictures;
            mean.count += pictures;
        }
    }

    /** Whether nothing steered. */
    public boolean isEmpty() {
        return byName.isEmpty();
    }

    /** Step to loss, for each guidance. */
    public Map<String, Map<Integer, Double>> values() {
        Map<String, Map<Integer, Double>> all = new LinkedHashMap<>();
        byName.forEach((name, means) -> {
            Map<Integer, Double> values = new TreeMap<>();
            means.forEach((step, mean) -> values.put(step, mean.value()));
            all.put(name, values);
        });
        return all;
    }

    /** One line a guidance: every tenth step and the last. */
    public String summary() {
        StringBuilder text = new StringBuilder();
        values().forEach((name, values) -> {
            text.append("loss of ").append(name).append(':');
            int last = ((TreeMap<Integer, Double>) values).lastKey();
            values.forEach((step, loss) -> {
                if (step % 10 == 0 || step == last) {
                    text.append(String.format(Locale.ROOT, "  %d: %.4g", step, loss));
                }
            });
            text.append(System.lineSeparator());
        });
        return text.toString().stripTrailing();
    }

    /**
     * Deletes what {@link #write} left for earlier pictures; any other file of that name stays.
     *
     * @throws Problem where it cannot be deleted
     */
    public static void delete(Path file) {
        try {
            if (Files.isRegularFile(file)) {
                boolean ours;
                try (InputStream in = Files.newInputStream(file)) {
                    ours = HEAD.equals(new String(in.readNBytes(HEAD.length()), StandardCharsets.ISO_8859_1));
                }
                if (ours) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw Problem.failure("cannot delete " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** {@code step,guidance,loss}, a line each. */
    public void write(Path file) {
        StringBuilder text = new StringBuilder(HEAD);
        values().forEach((name, values) -> values.forEach((step, loss) -> text.append(step)
                .append(",\"")
                .append(name.replace("\"", "\"\""))
                .append("\",")
                .append(loss)
                .append('\n')));
        AtomicFile.write(file, text.toString());
    }
}
