// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a file says of its denoiser's output, which shapes cannot: by tensors whose names are marks, or in its metadata, as modelspec and
 * sd-scripts write it.
 *
 * @param type {@code epsilon} or {@code v_prediction}; {@code null} where it says nothing
 * @param zeroSnr whether it was trained down to no signal at all
 */
record Prediction(@Nullable String type, boolean zeroSnr) {
    static final String EPSILON = "epsilon";
    static final String V = "v_prediction";

    /** The mark of a network that predicts v. */
    static final String V_MARK = "v_pred";

    /** The mark of one that was trained down to no signal. */
    static final String ZERO_SNR_MARK = "ztsnr";

    private static final String SPEC = "modelspec.prediction_type";

    static Prediction of(Collection<String> names, Map<String, String> metadata) {
        boolean zeroSnr = names.contains(ZERO_SNR_MARK) || isTrue(metadata.get("ss_zero_terminal_snr"));
        return new Prediction(names.contains(V_MARK) ? V : type(metadata), zeroSnr);
    }

    private static @Nullable String type(Map<String, String> metadata) {
        String spec = metadata.getOrDefault(SPEC, "").toLowerCase(Locale.ROOT);
        String trained = metadata.get("ss_v_parameterization");
        if (spec.equals("v") || spec.equals(V)) {
            return V;
        }
        if (spec.equals(EPSILON) || spec.equals("eps")) {
            return EPSILON;
        }
        return trained == null ? null : isTrue(trained) ? V : EPSILON;
    }

    private static boolean isTrue(@Nullable String text) {
        return text != null && (text.equalsIgnoreCase("true") || text.equals("1"));
    }

    /** Of a scheduler's config. */
    static Prediction of(Map<String, @Nullable Object> scheduler) {
        return new Prediction(
                String.valueOf(scheduler.getOrDefault("prediction_type", EPSILON)),
                Boolean.TRUE.equals(scheduler.get("rescale_betas_zero_snr")));
    }

    /** What a file's metadata says of it. */
    Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put(SPEC, V.equals(type) ? "v" : String.valueOf(type));
        return metadata;
    }

    /** The marks that other programs know it by, where it is not what they take such a file for. */
    List<String> marks(SingleLayout layout) {
        List<String> marks = new ArrayList<>();
        if (V.equals(type) && layout != SingleLayout.SD2) {
            marks.add(V_MARK);
        }
        if (zeroSnr) {
            marks.add(ZERO_SNR_MARK);
        }
        return marks;
    }
}
