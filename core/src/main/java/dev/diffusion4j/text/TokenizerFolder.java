// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a {@code CLIPTokenizer} of transformers, read as version 5 does: {@code tokenizer.json}, or {@code vocab.json} with
 * {@code merges.txt}; beside them {@code tokenizer_config.json} and, where that lists no added tokens, {@code special_tokens_map.json}
 * and {@code added_tokens.json}.
 */
public final class TokenizerFolder {
    static final String CONFIG = "tokenizer_config.json";
    static final String SPECIAL = "special_tokens_map.json";
    static final String ADDED = "added_tokens.json";
    /** The class that it is for. */
    public static final String CLASS = "CLIPTokenizer";

    static final String CLASS_KEY = "tokenizer_class";
    static final String LENGTH_KEY = "model_max_length";
    static final String DECODER_KEY = "added_tokens_decoder";
    /** The keys of the named tokens, in the order in which transformers adds them. */
    static final List<String> NAMED = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private static final List<String> EXTRA = List.of("extra_special_tokens", "additional_special_tokens");
    private static final Set<String> READ =
            Set.of(CLASS_KEY, LENGTH_KEY, DECODER_KEY, "bos_token", "eos_token", "unk_token", "pad_token");

    /** From which length on a number means "as long as you like". */
    private static final double NO_LIMIT = 1e6;

    private final Path folder;
    private final Map<String, @Nullable Object> config;
    private final Map<String, AddedToken> named = new LinkedHashMap<>();
    private final Map<Long, AddedToken> numbered = new TreeMap<>();

    private TokenizerFolder(Path folder) {
        this.folder = folder;
        config = object(CONFIG);
        TokenizerSettings clip = TokenizerSettings.CLIP;
        List<String> defaults = List.of(clip.start(), clip.end(), clip.unknown(), clip.padding());
        for (int i = 0; i < NAMED.size(); i++) {
            named.put(NAMED.get(i), AddedToken.special(defaults.get(i)));
        }
    }

    /**
     * Reads a tokenizer.
     *
     * @throws Problem (a failure) naming the file and what is wrong with it
     */
    public static ClipTokenizer read(Path folder) {
        return new TokenizerFolder(folder).tokenizer();
    }

    /**
     * The tokenizer of a vocabulary that comes without one's settings.
     *
     * @param folderOrFile as {@link BpeVocabulary#load} takes it
     * @param padding the token that fills a text up
     * @throws Problem (a failure) naming what was looked for
     */
    public static ClipTokenizer ofVocabulary(Path folderOrFile, String padding) {
        TokenizerSettings clip = TokenizerSettings.CLIP;
        List<AddedToken> added = new ArrayList<>(clip.added());
        if (!padding.equals(clip.padding())) {
            added.add(AddedToken.special(padding));
        }
        return new ClipTokenizer(
                BpeVocabulary.load(folderOrFile),
                new TokenizerSettings(
                        clip.start(), clip.end(), clip.unknown(), padding, clip.maxLength(), added, clip.others()));
    }

    /** Whether a folder holds a tokenizer's vocabulary. */
    public static boolean isOne(Path folder) {
        return Files.exists(folder.resolve(BpeVocabulary.WHOLE))
                || Files.exists(folder.resolve(BpeVocabulary.VOCABULARY))
                        && Files.exists(folder.resolve(BpeVocabulary.MERGES));
    }

    /** Whether {@link #write} came to its end in a folder: the settings are written last. */
    public static boolean isWhole(Path folder) {
        return isOne(folder) && Files.exists(folder.resolve(CONFIG));
    }

    /** Whether it reads tokenizers of that class. */
    public static boolean reads(String className) {
        return className.equals(CLASS) || className.equals(CLASS + "Fast");
    }

    /** Writes a tokenizer with all the files by which transformers 4 and 5 know one. */
    public static void write(Path folder, ClipTokenizer tokenizer) {
        new TokenizerWriter(folder, tokenizer).write();
    }

    private ClipTokenizer tokenizer() {
        Object className = config.get(CLASS_KEY);
        if (className instanceof String name && !reads(name)) {
            throw Problem.failure(
                    folder.resolve(CONFIG) + " describes a " + name + ", but a " + CLASS + " was expected");
        }
        BpeVocabulary vocabulary = BpeVocabulary.load(folder);
        readNamed(config, CONFIG);
        if (config.get(DECODER_KEY) instanceof Map<?, ?> decoder) {
            decoder.forEach(
                    (id, token) -> numbered.put(number(id, CONFIG), AddedToken.fromJson(token, false, where(CONFIG))));
        } else {
            readOlderFiles();
        }
        return new ClipTokenizer(vocabulary, settings());
    }

    private void readOlderFiles() {
        readNamed(object(SPECIAL), SPECIAL);
        List<String> marks = named.values().stream().map(AddedToken::content).toList();
        object(ADDED).forEach((content, id) -> {
            AddedToken token = marks.contains(content) ? AddedToken.special(content) : AddedToken.word(content);
            numbered.put(number(id, ADDED), token);
        });
        if (object(BpeVocabulary.WHOLE).get("added_tokens") instanceof List<?> tokens) {
            for (Object token : tokens) {
                Object id = token instanceof Map<?, ?> fields ? fields.get("id") : null;
                numbered.put(
                        number(id, BpeVocabulary.WHOLE), AddedToken.fromJson(token, false, where(BpeVocabulary.WHOLE)));
            }
        }
    }

    private void readNamed(Map<String, @Nullable Object> json, String file) {
        for (String key : NAMED) {
            Object value = json.get(key);
            if (value != null) {
                named.put(key, AddedToken.fromJson(value, true, where(file) + ": " + key));
            }
        }
    }

    private TokenizerSettings settings() {
        Map<String, AddedToken> known = new LinkedHashMap<>();
        numbered.values().forEach(token -> known.put(token.content(), token));
        List<String> marks = named.values().stream().map(AddedToken::content).toList();
        List<AddedToken> all = new ArrayList<>();
        known.values().forEach(token -> all.add(marks.contains(token.content()) ? token.asSpecial() : token));
        named.values().stream()
                .filter(token -> !known.containsKey(token.content()))
                .map(AddedToken::asSpecial)
                .forEach(all::add);
        for (AddedToken token : extra()) {
            if (all.stream().noneMatch(other -> other.content().equals(token.content()))) {
                all.add(token);
            }
        }
        Map<String, @Nullable Object> others = new LinkedHashMap<>(config);
        others.keySet().removeAll(READ);
        List<String> contents = List.copyOf(marks);
        return new TokenizerSettings(
                contents.get(0), contents.get(1), contents.get(2), contents.get(3), maxLength(), all, others);
    }

    private List<AddedToken> extra() {
        for (String key : EXTRA) {
            if (config.get(key) instanceof List<?> tokens && !tokens.isEmpty()) {
                return tokens.stream()
                        .map(token -> AddedToken.fromJson(token, true, where(CONFIG) + ": " + key))
                        .toList();
            }
        }
        return List.of();
    }

    private int maxLength() {
        Object value = config.get(LENGTH_KEY);
        if (value == null || value instanceof Number number && number.doubleValue() > NO_LIMIT) {
            return ClipTokenizer.LENGTH;
        }
        if (value instanceof Long length && length >= 3) {
            return Math.toIntExact(length);
        }
        throw Problem.failure(where(CONFIG) + ": " + LENGTH_KEY + " must be a whole number from 3 on, but was "
                + Json.describe(value));
    }

    private long number(@Nullable Object id, String file) {
        try {
            return Long.parseLong(String.valueOf(id));
        } catch (NumberFormatException e) {
            throw Problem.failure(where(file) + " must give each added token a number, but gives " + Json.describe(id));
        }
    }

    private String where(String file) {
        return folder.resolve(file).toString();
    }

    private Map<String, @Nullable Object> object(String file) {
        Path path = folder.resolve(file);
        return Files.exists(path) ? Json.readObject(path) : Map.of();
    }
}
