// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.File;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;

/** {@code Draw MODEL PICTURE}: one picture of a model folder. */
public final class Draw {
    private Draw() {}

    public static void main(String[] args) throws Exception {
        Map<String, ServiceModel> models = Map.of("model", ServiceModel.at(Path.of(args[0])));
        try (DiffusionService service = DiffusionService.open(models, ServiceConfig.DEFAULT);
                Job job = service.submit(GenerationRequest.of(r -> r.seed(7).steps(2)))) {
            ImageIO.write(job.await().images().get(0), "png", new File(args[1]));
        }
    }
}
