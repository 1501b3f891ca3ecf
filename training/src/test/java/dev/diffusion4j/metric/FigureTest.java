// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FigureTest {
    @TempDir
    Path folder;

    private static Figure figure(String metric, int n, String resize, String reference) {
        return new Figure(
                metric,
                0.0123,
                0.0004,
                n,
                100,
                "inception-v3-fid",
                "0123456789",
                299,
                resize,
                100,
                50,
                2020,
                "drawn",
                "aa",
                "photos",
                reference,
                Map.of("0", n, "1", n),
                Map.of("steps", 20L, "guides", List.of("color")));
    }

    private static Figure fidelity(Map<String, Integer> classes, Map<String, Object> drawn) {
        return new Figure(
                Figure.CLASS_FIDELITY,
                0.9,
                0.01,
                10,
                0,
                "judge",
                "hash",
                28,
                "clean",
                0,
                0,
                0,
                "",
                "",
                "",
                "",
                classes,
                drawn);
    }

    @Test
    void what_is_kept_is_read_again() {
        Path file = folder.resolve("eval.jsonl");
        Figure first = figure(Figure.KID, 10, "clean", "r1");
        FigureFile.append(file, List.of(first));
        FigureFile.append(file, List.of(first.as(Figure.FID, 3)));
        assertThat(FigureFile.read(file)).containsExactly(first, first.as(Figure.FID, 3));
        AtomicFile.write(file, "{\"metric\": 3\n");
        assertThatThrownBy(() -> FigureFile.read(file)).hasMessageContaining("eval.jsonl line 1");
    }

    @Test
    void only_what_was_measured_alike_may_stand_side_by_side() {
        Figure kid = figure(Figure.KID, 10, "clean", "r1");
        assertThat(kid.differences(figure(Figure.KID, 50, "clean", "r1"))).isEmpty();
        assertThat(kid.differences(figure(Figure.KID, 10, "legacy", "r2")))
                .containsExactly("resize clean against legacy", "reference photos (r1) against photos (r2)");
        assertThat(figure(Figure.FID, 10, "clean", "r1").differences(figure(Figure.FID, 50, "clean", "r1")))
                .containsExactly("n 10 against 50");
        assertThat(kid.text()).isEqualTo("0.0123 ± 0.0004");
    }

    @Test
    void a_share_of_other_classes_is_another_figure() {
        Figure all = fidelity(Map.of("0", 50, "1", 50, "2", 50), Map.of());
        assertThat(all.differences(fidelity(Map.of("0", 20, "1", 20, "2", 21), Map.of())))
                .isEmpty();
        assertThat(all.differences(fidelity(Map.of("0", 50, "1", 50, "2", 90), Map.of())))
                .containsExactly("classes 0-2 (50 each) against 0-2 (50-90 each)");
        assertThat(all.differences(fidelity(Map.of("2", 50), Map.of())))
                .containsExactly("classes 0-2 (50 each) against 2 (50)");
        assertThat(all.differences(fidelity(Map.of(), Map.of())))
                .containsExactly("classes 0-2 (50 each) against unknown");
    }

    @Test
    void what_was_drawn_otherwise_is_said_setting_by_setting() {
        Map<String, Integer> one = Map.of("1", 5);
        Figure here = fidelity(one, Map.of("steps", 20L, "scheduler_config", Map.of("clip", true, "beta", 0.1)));
        Figure there = fidelity(
                one, Map.of("steps", 20L, "scheduler_config", Map.of("clip", false, "beta", 0.1), "loras", List.of()));
        assertThat(here.drawnOtherwise(there)).containsExactly("clip true against false");
        assertThat(here.drawnOtherwise(fidelity(one, Map.of()))).isEmpty();
    }
}
