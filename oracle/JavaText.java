// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Path;
import java.util.List;

/** Java's side of {@code check_text.py}: reads text encoders and tokenizers, and saves them. */
public final class JavaText {
    private JavaText() {}

    /** @param args the folder to write, then triples of a folder of a pipeline, a part's name and its class */
    public static void main(String[] args) {
        Path out = Path.of(args[0]);
        for (int i = 1; i + 2 < args.length; i += 3) {
            Path folder = Path.of(args[i]);
            Component component = new Component(args[i + 1], "transformers", args[i + 2], folder);
            Path target = out.resolve(folder.getFileName() + "-" + args[i + 1]);
            if (component.isTokenizer()) {
                ClipTokenizer tokenizer = component.readTokenizer();
                TokenizerFolder.write(target, tokenizer);
                TokenizerFolder.write(Path.of(target + "-words"), tokenizer.withWords(List.of("<Toy>", "<Toy>_1")));
                continue;
            }
            ComponentNetwork network =
                    new ComponentNetwork(component, ModelFamilies.BUILT_IN.named(args[i + 2], folder.toString()));
            try (Model model = network.read(Devices.cpu(), Precision.F32, null)) {
                PipelineFolder.write(target, model, null);
                PipelineFolder.write(target, model, null, new SaveOptions("fp16", SaveOptions.DEFAULT.maxShardBytes()));
            }
        }
    }
}
