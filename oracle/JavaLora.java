// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Java's side of {@code check_lora.py}: writes a network with an adapter, or reads the adapters that Python wrote for it. */
public final class JavaLora {
    private static final double TOLERANCE = 1e-5;

    private JavaLora() {}

    public static void main(String[] args) {
        Path folder = Path.of(args[0]);
        try (NoGradGuard guard = new NoGradGuard()) {
            TensorScope.run(() -> {
                if (args[1].equals("write")) {
                    write(folder);
                } else {
                    read(folder, "from-peft");
                    read(folder, "from-diffusers");
                }
            });
        }
    }

    private static Tensor output(DiffusionModel model, Tensor sample, Tensor timestep) {
        return model.forward(sample, timestep, Conditioning.NONE);
    }

    private static void write(Path folder) {
        Map<String, Object> config = Map.of(
                "sample_size", 16L,
                "in_channels", 3L,
                "out_channels", 3L,
                "layers_per_block", 1L,
                "block_out_channels", List.of(16L, 32L),
                "norm_num_groups", 4L,
                "attention_head_dim", 8L,
                "down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"),
                "up_block_types", List.of("AttnUpBlock2D", "UpBlock2D"));
        LoraConfig lora = LoraConfig.DEFAULT.withTargets(
                List.of("to_q", "to_k", "to_v", "to_out.0", ".*resnets.*conv2", "conv_out")).withRank(4, 3);
        try (DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(config);
                RandomStream random = new RandomStream(1)) {
            model.initialize(random);
            PipelineFolder.write(folder.resolve("model"), model, SchedulerKind.DDPM.create(Map.of()));
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            Tensor sample = random.randn(2, 3, 16, 16);
            Tensor timestep = Tensors.ofDoubles(3, 700);
            tensors.put("sample", sample);
            tensors.put("timestep", timestep);
            tensors.put("plain", output(model, sample, timestep));
            System.out.println(Lora.inject(model, lora, random).size() + " layers");
            Adaptable.in(model).values().forEach(
                    layer -> layer.lora().ifPresent(product -> random.normal(product.up(), 0, 0.2)));
            tensors.put("adapted", output(model, sample, timestep));
            LoraFolder.write(folder.resolve("from-java"), model, lora, folder.resolve("model").toString(), null);
            Safetensors.write(folder.resolve("case.safetensors"), tensors, Map.of());
        }
    }

    private static void read(Path folder, String name) {
        try (DiffusionModel model = (DiffusionModel) PipelineFolder.open(folder.resolve("model"))
                        .readModel(Devices.cpu(), Precision.F32, null);
                Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                LoraAdapter adapter = LoraAdapter.read(folder.resolve(name))) {
            Tensor sample = expected.read("sample");
            Tensor timestep = expected.read("timestep");
            Tensor wanted = expected.read(name);
            try (LoraView view = LoraView.of(Map.of(LoraComponent.UNET, model), List.of(new LoraView.Use(adapter, 1)))) {
                check(name + " beside the weights", view.run(() -> output(model, sample, timestep)), wanted);
            }
            System.out.println(adapter.mergeInto(model, 1).text());
            check(name + " in the weights", output(model, sample, timestep), wanted);
        }
    }

    private static void check(String what, Tensor got, Tensor wanted) {
        float distance = got.sub(wanted).abs().max().item_float();
        System.out.println(what + " in Java: within " + distance);
        if (!(distance <= TOLERANCE)) {
            throw new IllegalStateException(what + ": differs by " + distance);
        }
    }
}
