// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Nearest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** What other programs call our options, such as {@code --num_inference_steps} for {@code --steps}. */
final class OtherFlags {
    private static final String SET = "--set";

    /** By the other name without its dashes; the first that a command has is suggested. */
    private static final Map<String, List<String>> OURS = Map.ofEntries(
            Map.entry("numinferencesteps", List.of("--steps")),
            Map.entry("samplingsteps", List.of("--steps")),
            Map.entry("ddimsteps", List.of("--steps")),
            Map.entry("numsteps", List.of("--steps", "--set training.max_steps=N")),
            Map.entry("maxsteps", List.of("--max_train_steps", "--set training.max_steps=N")),
            Map.entry("maxtrainsteps", List.of("--set training.max_steps=N")),
            Map.entry("steps", List.of("--max_train_steps", "--set training.max_steps=N")),
            Map.entry("epochs", List.of("--num_epochs", "--set training.epochs=N")),
            Map.entry("numepochs", List.of("--set training.epochs=N")),
            Map.entry("numtrainepochs", List.of("--num_epochs", "--set training.epochs=N")),
            Map.entry("lr", List.of("--learning_rate", "--set training.optimizer.learning_rate=X")),
            Map.entry("learningrate", List.of("--set training.optimizer.learning_rate=X")),
            Map.entry("batchsize", List.of("--batch", "--train_batch_size", "--set training.batch_size=N")),
            Map.entry("trainbatchsize", List.of("--batch_size", "--set training.batch_size=N")),
            Map.entry("resolution", List.of("--image_size", "--size", "--set data.image_size=N")),
            Map.entry("imagesize", List.of("--resolution", "--size", "--set data.image_size=N")),
            Map.entry("height", List.of("--size")),
            Map.entry("width", List.of("--size")),
            Map.entry("numimages", List.of("--count")),
            Map.entry("numsamples", List.of("--count")),
            Map.entry("nsamples", List.of("--count")),
            Map.entry("numimagesperprompt", List.of("--count")),
            Map.entry("sampler", List.of("--scheduler")),
            Map.entry("samplingmethod", List.of("--scheduler")),
            Map.entry("cfg", List.of("--guidance-scale")),
            Map.entry("cfgscale", List.of("--guidance-scale")),
            Map.entry("scale", List.of("--guidance-scale")),
            Map.entry("guidancerescale", List.of("--guidance-rescale")),
            Map.entry("classlabel", List.of("--class")),
            Map.entry("classlabels", List.of("--class")),
            Map.entry("label", List.of("--class")),
            Map.entry("torchdtype", List.of("--dtype")),
            Map.entry("precision", List.of("--dtype")),
            Map.entry("mixedprecision", List.of("--dtype")),
            Map.entry("output", List.of("--out", "--output_dir")),
            Map.entry("outputdir", List.of("--out")),
            Map.entry("outdir", List.of("--out", "--output_dir")),
            Map.entry("savepath", List.of("--out", "--output_dir")),
            Map.entry("pretrainedmodelnameorpath", List.of("--model", "--start_model", "--set model.from=FOLDER")),
            Map.entry("modelid", List.of("--model", "--start_model", "--set model.from=FOLDER")),
            Map.entry("ckpt", List.of("--model", "--start_model", "--set model.from=FOLDER")),
            Map.entry("checkpoint", List.of("--model", "--resume")),
            Map.entry("resumefromcheckpoint", List.of("--resume")),
            Map.entry("dataset", List.of("--data", "--dataset_name")),
            Map.entry("datasetname", List.of("--data")),
            Map.entry("traindatadir", List.of("--data", "--dataset_name")),
            Map.entry("manualseed", List.of("--seed")),
            Map.entry("loraweights", List.of("--lora")));

    private OtherFlags() {}

    /** {@code " (did you mean '--steps'?)"}, or nothing. */
    static String hint(String word, CommandSpec command) {
        Set<String> known = command.optionsMap().keySet();
        String plain = word.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
        Optional<String> same = known.stream()
                .filter(name ->
                        name.replaceAll("[-_]", "").toLowerCase(Locale.ROOT).equals(plain))
                .findFirst();
        Optional<String> ours = OURS.getOrDefault(plain, List.of()).stream()
                .filter(flag -> known.contains(flag.startsWith(SET + " ") ? SET : flag))
                .findFirst();
        return same.or(() -> ours)
                .map(flag -> " (did you mean '" + flag + "'?)")
                .orElseGet(() -> Nearest.hint(word, known));
    }
}
