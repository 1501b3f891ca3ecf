// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a tokenizer's folder: {@code tokenizer.json} for what is built on the library {@code tokenizers}; {@code vocab.json}, {@code merges.txt},
 * {@code special_tokens_map.json} and {@code added_tokens.json} for transformers 4's own; {@code tokenizer_config.json} for all.
 */
final class TokenizerWriter {
    /** What {@code tokenizer.json} says of every CLIP. */
    private static final String FRAME =
            """
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
             "normalizer": {"type": "Sequence", "normalizers": [
               {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\\\s+"}, "content": " "}, {"type": "Lowercase"}]},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "behavior": "Removed", "invert": true, "pattern": {"Regex":
                 "<\\\\|startoftext\\\\|>|<\\\\|endoftext\\\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|[^\\\\s\\\\p{L}\\\\p{N}]+"}},
               {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
             "post_processor": {"type": "RobertaProcessing", "sep": [], "cls": [], "trim_offsets": false,
               "add_prefix_space": false},
             "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
               "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
               "vocab": {}, "merges": []}}
            """;

    private final Path folder;
    private final ClipTokenizer tokenizer;
    private final TokenizerSettings settings;
    private final BpeVocabulary vocabulary;

    TokenizerWriter(Path folder, ClipTokenizer tokenizer) {
        this.folder = folder;
        this.tokenizer = tokenizer;
        settings = tokenizer.settings();
        vocabulary = tokenizer.vocabulary();
    }

    void write() {
        Map<String, @Nullable Object> pieces = pieces();
        List<String> merges = vocabulary.mergesInOrder();
        write(BpeVocabulary.VOCABULARY, Json.compact(pieces) + "\n");
        write(BpeVocabulary.MERGES, "#version: 0.2\n" + String.join("\n", merges) + "\n");
        write(BpeVocabulary.WHOLE, Json.compact(whole(pieces, merges)) + "\n");
        write(TokenizerFolder.SPECIAL, Json.pretty(special()));
        write(TokenizerFolder.CONFIG, Json.pretty(config()));
        Map<String, @Nullable Object> behind = behind();
        if (!behind.isEmpty() || Files.exists(folder.resolve(TokenizerFolder.ADDED))) {
            write(TokenizerFolder.ADDED, Json.pretty(behind));
        }
    }

    private void write(String name, String text) {
        AtomicFile.write(folder.resolve(name), text);
    }

    private Map<String, @Nullable Object> pieces() {
        Map<String, @Nullable Object> pieces = new LinkedHashMap<>();
        vocabulary
                .piecesInOrder()
                .forEach(piece -> pieces.put(piece, vocabulary.ids().get(piece)));
        return pieces;
    }

    /** Added tokens that the vocabulary does not have, with their numbers. */
    private Map<String, @Nullable Object> behind() {
        Map<String, @Nullable Object> behind = new LinkedHashMap<>();
        tokenizer.added().byContent().forEach((content, numbered) -> {
            if (!vocabulary.ids().containsKey(content)) {
                behind.put(content, numbered.id());
            }
        });
        return behind;
    }

    private Map<String, @Nullable Object> named() {
        Map<String, @Nullable Object> named = new LinkedHashMap<>();
        List<String> contents = List.of(settings.start(), settings.end(), settings.unknown(), settings.padding());
        for (int i = 0; i < contents.size(); i++) {
            named.put(TokenizerFolder.NAMED.get(i), contents.get(i));
        }
        return named;
    }

    private Map<String, @Nullable Object> special() {
        Map<String, @Nullable Object> special = named();
        special.replaceAll((key, content) -> {
            AddedTokens.Numbered numbered = tokenizer.added().byContent().get(String.valueOf(content));
            if (numbered == null) {
                return content;
            }
            Map<String, @Nullable Object> json = numbered.token().toJson();
            json.remove("special");
            return json;
        });
        return special;
    }

    private Map<String, @Nullable Object> config() {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(settings.others());
        config.putAll(named());
        config.put(TokenizerFolder.LENGTH_KEY, settings.maxLength());
        config.put(TokenizerFolder.CLASS_KEY, TokenizerFolder.CLASS);
        Map<String, @Nullable Object> decoder = new TreeMap<>();
        tokenizer
                .added()
                .byContent()
                .values()
                .forEach(numbered -> decoder.put(
                        String.valueOf(numbered.id()), numbered.token().toJson()));
        config.put(TokenizerFolder.DECODER_KEY, decoder);
        return config;
    }

    private Map<String, @Nullable Object> whole(Map<String, @Nullable Object> pieces, List<String> merges) {
        Map<String, @Nullable Object> json = Json.parseObject(FRAME, BpeVocabulary.WHOLE);
        json.put(
                "added_tokens",
                tokenizer.added().byContent().values().stream()
                        .sorted(Comparator.comparingInt(AddedTokens.Numbered::id))
                        .map(TokenizerWriter::numbered)
                        .toList());
        Map<String, @Nullable Object> marking = Json.object(json.get("post_processor"));
        marking.put("sep", List.of(settings.end(), tokenizer.endId()));
        marking.put("cls", List.of(settings.start(), tokenizer.startId()));
        Map<String, @Nullable Object> model = Json.object(json.get("model"));
        model.put("unk_token", settings.unknown());
        model.put("vocab", pieces);
        model.put("merges", merges);
        return json;
    }

    private static Map<String, @Nullable Object> numbered(AddedTokens.Numbered numbered) {
        Map<String, @Nullable Object> token = new LinkedHashMap<>();
        token.put("id", numbered.id());
        token.putAll(numbered.token().toJson());
        return token;
    }
}
