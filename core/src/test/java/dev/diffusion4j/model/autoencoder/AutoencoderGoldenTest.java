// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.codec.TinyVaeCodec;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.DrawnWeights;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.testing.GoldenModels;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Autoencoders and their codecs against diffusers: start weights, names, encoding, decoding, gradients, tiles. */
class AutoencoderGoldenTest {
    private static final String FILE = "autoencoders";
    private static final double TOLERANCE = 2e-5;

    static Stream<String> large() {
        return GoldenModels.variants(FILE).filter(name -> name.startsWith("kl"));
    }

    static Stream<String> tiny() {
        return GoldenModels.variants(FILE).filter(name -> name.startsWith("tiny"));
    }

    private static AutoencoderKl kl(Golden golden, String variant) {
        return (AutoencoderKl) AutoencoderKl.FAMILY.create(golden.json(variant));
    }

    private static AutoencoderTiny tiny(Golden golden, String variant) {
        return (AutoencoderTiny) AutoencoderTiny.FAMILY.create(golden.json(variant));
    }

    /** What the script draws, in its order. */
    private record Drawn(Tensor pictures, Tensor samples, Tensor large, Tensor largeSamples) {
        static Drawn ofKl(AutoencoderKlConfig config) {
            int scale = config.scaleFactor();
            int channels = config.latentChannels();
            try (RandomStream random = new RandomStream(11)) {
                return new Drawn(
                        random.randn(2, 3, 8, 12),
                        random.randn(2, channels, 8 / scale, 12 / scale),
                        random.randn(1, 3, 40, 32),
                        random.randn(1, channels, 40 / scale, 32 / scale));
            }
        }

        static Drawn ofTiny(int channels) {
            try (RandomStream random = new RandomStream(11)) {
                return new Drawn(
                        random.randn(2, 3, 16, 24),
                        random.randn(2, channels, 2, 3),
                        random.randn(1, 3, 160, 144),
                        random.randn(1, channels, 20, 18));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("large")
    void an_autoencoder_equals_diffusers(String variant) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open(FILE);
                    AutoencoderKl network = kl(golden, variant)) {
                GoldenModels.checkStart(network, golden, variant);
                DrawnWeights.fill(network);
                Drawn drawn = Drawn.ofKl(network.typedConfig());
                VaeCodec codec = new VaeCodec(network);
                assertClose("moments", network.encode(drawn.pictures), golden.tensor(variant + ".moments"), TOLERANCE);
                checkGradients(golden, variant, network, codec, drawn);
                checkCodec(golden, variant, codec, drawn);
                network.freeze();
                checkCodec(golden, variant, codec, drawn);
                checkTiles(golden, variant, codec.inTiles(), drawn);
            }
        });
    }

    private static void checkGradients(
            Golden golden, String variant, AutoencoderKl network, VaeCodec codec, Drawn drawn) {
        network.requiresGrad(true);
        Tensor samples = drawn.samples.clone().set_requires_grad(true);
        network.encode(drawn.pictures)
                .square()
                .sum()
                .add(codec.decode(samples).square().sum())
                .backward();
        assertClose("gradients", GoldenModels.gradientNorms(network), golden.floats(variant + ".grad"), 1e-4);
        network.requiresGrad(false);
    }

    private static void checkCodec(Golden golden, String variant, SampleCodec codec, Drawn drawn) {
        Moments moments = codec.moments(drawn.pictures);
        assertClose("mode", moments.mean(), golden.tensor(variant + ".mode"), TOLERANCE);
        try (NoiseSource noise = NoiseSource.shared(3)) {
            Tensor encoded = codec.encode(drawn.pictures, noise);
            assertClose("encoded", encoded, golden.tensor(variant + ".encoded"), TOLERANCE);
        }
        try (NoiseSource noise = NoiseSource.shared(3)) {
            Tensor sample = moments.sample(noise);
            assertClose("sample of the moments", sample, golden.tensor(variant + ".encoded"), TOLERANCE);
        }
        Tensor decoded = codec.decode(drawn.samples);
        assertThat(decoded.requires_grad()).isFalse();
        assertClose("decoded", decoded, golden.tensor(variant + ".decoded"), TOLERANCE);
    }

    private static void checkTiles(Golden golden, String variant, VaeCodec tiled, Drawn drawn) {
        Tensor mode = strided(tiled.moments(drawn.large).mean(), 3);
        assertClose("mode in tiles", mode, golden.tensor(variant + ".tiled_mode"), TOLERANCE);
        Tensor decoded = strided(tiled.decode(drawn.largeSamples), 3);
        assertClose("decoded in tiles", decoded, golden.tensor(variant + ".tiled_decoded"), TOLERANCE);
        Tensor small = tiled.decode(drawn.samples);
        assertClose("a picture of one tile", small, golden.tensor(variant + ".decoded"), TOLERANCE);
    }

    private static Tensor strided(Tensor picture, long step) {
        return picture.slice(2, option(0), option(Long.MAX_VALUE), step)
                .slice(3, option(0), option(Long.MAX_VALUE), step);
    }

    private static org.bytedeco.pytorch.LongOptional option(long value) {
        return new org.bytedeco.pytorch.LongOptional(value);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tiny")
    void a_tiny_autoencoder_equals_diffusers(String variant) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open(FILE);
                    AutoencoderTiny network = tiny(golden, variant)) {
                GoldenModels.checkStart(network, golden, variant);
                DrawnWeights.fill(network);
                Drawn drawn = Drawn.ofTiny(network.typedConfig().latentChannels());
                TinyVaeCodec codec = new TinyVaeCodec(network);
                checkTiny(golden, variant, codec, drawn);
                checkTinyGradients(golden, variant, network, drawn);
                network.freeze();
                checkTiny(golden, variant, codec, drawn);
                checkTinyTiles(golden, variant, network, drawn);
            }
        });
    }

    private static void checkTiny(Golden golden, String variant, TinyVaeCodec codec, Drawn drawn) {
        try (NoiseSource noise = NoiseSource.shared(3)) {
            Tensor encoded = codec.encode(drawn.pictures, noise);
            assertClose("encoded", encoded, golden.tensor(variant + ".encoded"), TOLERANCE);
        }
        assertClose("decoded", codec.decode(drawn.samples), golden.tensor(variant + ".decoded"), TOLERANCE);
    }

    private static void checkTinyGradients(Golden golden, String variant, AutoencoderTiny network, Drawn drawn) {
        network.requiresGrad(true);
        TinyVaeCodec codec = new TinyVaeCodec(network);
        Tensor pictures = drawn.pictures.clone().set_requires_grad(true);
        Tensor samples = drawn.samples.clone().set_requires_grad(true);
        codec.moments(pictures)
                .mean()
                .square()
                .sum()
                .add(codec.decode(samples).square().sum())
                .backward();
        assertClose("gradients", GoldenModels.gradientNorms(network), golden.floats(variant + ".grad"), 1e-4);
        network.requiresGrad(false);
    }

    /** In the script's tiles of 128 pixels. */
    private static void checkTinyTiles(Golden golden, String variant, AutoencoderTiny network, Drawn drawn) {
        try (NoGradGuard guard = new NoGradGuard()) {
            if (golden.has(variant + ".tiled_encoded")) {
                Tensor encoded = new TinyTiling(128, 8, false).run(drawn.large, network::encode);
                assertClose(
                        "encoded in tiles", strided(encoded, 3), golden.tensor(variant + ".tiled_encoded"), TOLERANCE);
            }
            Tensor decoded = new TinyTiling(16, 8, true).run(drawn.largeSamples, network::decode);
            assertClose("decoded in tiles", strided(decoded, 7), golden.tensor(variant + ".tiled_decoded"), TOLERANCE);
        }
    }

    @Test
    void attention_of_old_files_is_read_by_its_new_names() {
        try (Golden golden = Golden.open(FILE);
                AutoencoderKl network = kl(golden, "kl")) {
            String place = "decoder.mid_block.attentions.0.";
            assertThat(network.weightName(place + "query.weight")).isEqualTo(place + "to_q.weight");
            assertThat(network.weightName(place + "key.bias")).isEqualTo(place + "to_k.bias");
            assertThat(network.weightName(place + "value.weight")).isEqualTo(place + "to_v.weight");
            assertThat(network.weightName(place + "proj_attn.weight")).isEqualTo(place + "to_out.0.weight");
            assertThat(network.stateDict()).containsKeys(place + "to_q.weight", place + "to_out.0.weight");
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "kl, down_block_types, KDownBlock2D, down_block_types[0]: unknown value",
        "kl, time_cond_proj_dim, 4, unknown key 'time_cond_proj_dim'",
        "tiny, upsample_fn, bilinear, upsample_fn must be nearest",
        "tiny, upsampling_scaling_factor, 4, upsampling_scaling_factor must be 2",
    })
    void a_value_that_is_not_implemented_is_refused_by_name(String variant, String key, String value, String message) {
        try (Golden golden = Golden.open(FILE)) {
            Map<String, @Nullable Object> config = new LinkedHashMap<>(golden.json(variant));
            Object given = value.matches("\\d+") ? (Object) Long.valueOf(value) : value;
            config.put(key, key.endsWith("types") ? java.util.List.of(given, "DownEncoderBlock2D") : given);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> (variant.equals("kl") ? AutoencoderKl.FAMILY : AutoencoderTiny.FAMILY)
                            .create(config)
                            .close())
                    .withMessageContaining(message);
        }
    }

    @Test
    void a_preview_of_a_large_sample_is_decoded_from_a_small_one() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open(FILE);
                    AutoencoderKl network = kl(golden, "kl");
                    AutoencoderTiny small = tiny(golden, "tiny")) {
                DrawnWeights.fill(network);
                DrawnWeights.fill(small);
                try (RandomStream random = new RandomStream(1)) {
                    Tensor samples = random.randn(1, 4, 48, 32);
                    VaeCodec codec = new VaeCodec(network);
                    assertThat(Tensors.shape(codec.preview(samples))).containsExactly(1, 3, 32, 20);
                    Tensor preview = codec.withPreview(new TinyVaeCodec(small)).preview(samples);
                    assertThat(Tensors.shape(preview)).containsExactly(1, 3, 384, 256);
                }
            }
        });
    }
}
