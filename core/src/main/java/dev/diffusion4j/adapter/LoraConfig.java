// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Check;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which layers of a network get low-rank products, and of what kind.
 *
 * @param rank of the products, r: the width between their two factors
 * @param alpha the product is multiplied by alpha / r
 * @param dropout share of a layer's input that training leaves out before the product
 * @param targets names of layers: the last parts of a dotted name ({@code to_q}, {@code attentions.0.to_q}), or, where one holds a
 *     sign such as {@code *}, a regular expression for the whole name
 * @param init how A begins
 * @param from an adapter to go on from, as far as it fits; {@code null} for fresh ones
 * @param textTargets layers of a text encoder that get products of the same kind and learn too; none for an encoder that stays as it is
 */
public record LoraConfig(
        int rank,
        double alpha,
        double dropout,
        List<String> targets,
        LoraInit init,
        @Nullable String from,
        List<String> textTargets) {

    private static final Pattern SIGNS = Pattern.compile("[\\\\*+?\\[\\](){}|^$]");

    /** As peft's, on the attention layers of diffusers. */
    public static final LoraConfig DEFAULT =
            new LoraConfig(8, 8, 0, List.of("to_q", "to_k", "to_v", "to_out.0"), LoraInit.KAIMING_IN, null, List.of());

    public LoraConfig {
        Check.inRange(rank, 1, 1 << 16, "rank");
        Check.positive(alpha, "alpha");
        Check.inRange(dropout, 0, 1, "dropout");
        targets = List.copyOf(targets);
        Check.that(!targets.isEmpty(), "targets must name at least one layer");
        targets.forEach(LoraConfig::pattern);
        textTargets = List.copyOf(textTargets);
        textTargets.forEach(LoraConfig::pattern);
    }

    /** alpha / r. */
    public double scale() {
        return alpha / rank;
    }

    public LoraConfig withTargets(List<String> value) {
        return new LoraConfig(rank, alpha, dropout, value, init, from, textTargets);
    }

    public LoraConfig withRank(int value, double newAlpha) {
        return new LoraConfig(value, newAlpha, dropout, targets, init, from, textTargets);
    }

    /** With layers of the text encoder, which then learns too. */
    public LoraConfig withTextTargets(List<String> value) {
        return new LoraConfig(rank, alpha, dropout, targets, init, from, value);
    }

    /** Going on from another adapter. */
    public LoraConfig withFrom(@Nullable String value) {
        return new LoraConfig(rank, alpha, dropout, targets, init, value, textTargets);
    }

    /** The same with the text encoder's layers for targets; to be asked where there are any. */
    public LoraConfig ofText() {
        return withTargets(textTargets);
    }

    LoraConfig withInit(LoraInit value) {
        return new LoraConfig(rank, alpha, dropout, targets, value, from, textTargets);
    }

    LoraConfig withDropout(double value) {
        return new LoraConfig(rank, alpha, value, targets, init, from, textTargets);
    }

    /** Whether a layer of that dotted name is meant. */
    public boolean isTarget(String name) {
        return targets.stream().anyMatch(target -> pattern(target).matcher(name).matches());
    }

    private static Pattern pattern(String target) {
        if (!SIGNS.matcher(target).find()) {
            return Pattern.compile("(.*\\.)?" + Pattern.quote(target));
        }
        try {
            return Pattern.compile(target);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "targets: '" + target + "' is no regular expression: " + e.getDescription(), e);
        }
    }
}
