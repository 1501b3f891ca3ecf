// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.PromptWords;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Prompts of a small vocabulary that the network embeds itself; "nothing" is a prompt that is dropped. */
public final class WordConditioner implements Conditioner {
    private final PromptWords words;
    private final boolean canDrop;

    /** @param canDrop whether the network can go without its prompt */
    public WordConditioner(PromptWords words, boolean canDrop) {
        this.words = words;
        this.canDrop = canDrop;
    }

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.PROMPT;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        for (Subject subject : subjects) {
            if (subject.classLabel() != null) {
                throw Problem.request("this network draws what words say, not classes: give {"
                        + (field.startsWith("negative") ? "negativePrompt" : "prompt") + "} in place of {" + field
                        + "}");
            }
            if (subject.prompt() == null) {
                throw Problem.request("this network draws what words say: give {prompt}");
            }
            words.encode(subject.prompt());
        }
    }

    /** {@code int64 (B, L)}; words that are not known are left out. */
    @Override
    public Conditioning encode(List<Subject> subjects) {
        long[] tokens = subjects.stream()
                .map(subject -> words.encodeCaption(subject.prompt()))
                .flatMapToLong(Arrays::stream)
                .toArray();
        return Conditioning.of(Conditioning.TOKENS, Tensors.ofLongs(tokens).view(subjects.size(), words.maxTokens()));
    }

    @Override
    public List<String> unread(Subject subject) {
        String prompt = subject.prompt();
        int beyond = prompt == null ? 0 : words.beyond(prompt);
        return beyond == 0
                ? List.of()
                : List.of("the prompt has " + (words.maxTokens() + beyond) + " words; this network reads the first "
                        + words.maxTokens());
    }

    @Override
    public boolean canDrop() {
        return canDrop;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return Dropping.with(conditioning, keep, canDrop);
    }
}
