// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Saves what oracle/check_text_to_image.py then loads in Python: a network with the start values of seed 7 for each case of a JSON file.
 * Run as one source file: java -cp … JavaTextToImage.java CASES OUT
 */
final class JavaTextToImage {
    private JavaTextToImage() {}

    public static void main(String[] arguments) throws IOException {
        Path out = Path.of(arguments[1]);
        for (Map.Entry<String, Object> entry :
                Json.parseObject(Files.readString(Path.of(arguments[0])), arguments[0]).entrySet()) {
            Map<String, Object> spec = Json.object(entry.getValue());
            String kind = (String) spec.get("kind");
            try (Model model =
                            ModelFamilies.BUILT_IN.named(kind, entry.getKey()).create(Json.object(spec.get("config")));
                    RandomStream random = new RandomStream(7)) {
                model.initialize(random);
                PipelineFolder.write(out.resolve(entry.getKey()), model, null, SaveOptions.DEFAULT);
            }
        }
    }
}
