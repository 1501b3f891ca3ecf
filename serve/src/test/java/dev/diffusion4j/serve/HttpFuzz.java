// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/** Requests as no client sends them, each from a number of its own, so that one which finds a fault can be sent again. */
final class HttpFuzz {
    private static final List<String> POSTS = List.of(
            "/v1/images/generations",
            "/v1/images/edits",
            "/v1/images/variations",
            "/api/v1/jobs",
            "/sdapi/v1/txt2img",
            "/sdapi/v1/img2img",
            "/sdapi/v1/options",
            "/sdapi/v1/interrupt",
            "/sdapi/v1/png-info",
            "/internal/progress");
    private static final List<String> GETS = List.of(
            "/v1/models",
            "/v1/models/%00",
            "/v1/models/tiny/../../health",
            "/api/v1/jobs",
            "/api/v1/jobs/x/events?after=-1",
            "/api/v1/jobs/%2e%2e/pictures/99999999999999",
            "/results/%c0%ae%c0%ae",
            "/results/",
            "/sdapi/v1/progress?skip_current_image=%",
            "/sdapi/v1/samplers;x=y",
            "/metrics?" + "a".repeat(3000),
            "/health/",
            "//",
            "*",
            "/openapi.json#x");
    private static final List<String> FIELDS = List.of(
            "prompt",
            "model",
            "n",
            "size",
            "seed",
            "steps",
            "num_inference_steps",
            "guidance_scale",
            "cfg_scale",
            "negative_prompt",
            "sampler",
            "schedule",
            "loras",
            "response_format",
            "output_format",
            "output_compression",
            "stream",
            "partial_images",
            "strength",
            "request",
            "scheduler",
            "scheduler_config",
            "guides",
            "sweep",
            "previews",
            "timeout",
            "settings",
            "sampler_name",
            "width",
            "height",
            "batch_size",
            "n_iter",
            "override_settings",
            "init_images",
            "mask",
            "denoising_strength",
            "inpainting_mask_invert",
            "inpaint_full_res",
            "inpaint_full_res_padding",
            "sd_model_checkpoint",
            "image",
            "live_preview",
            "subject",
            "prompts",
            "canvas",
            "sampling",
            "guidance",
            "scale",
            "inputs",
            "picture",
            "count",
            "batch_size",
            "noise",
            "prompt_syntax",
            "clip_skip",
            "classes",
            "\\u0000",
            "",
            "__proto__");
    private static final List<String> TEXTS = List.of(
            "a cat",
            "tiny",
            "",
            " ",
            "64x64",
            "0x0",
            "99999x99999",
            "1x",
            "ddim",
            "Euler a",
            "DPM++ 2M Karras",
            "karras",
            "true",
            "png",
            "webp",
            "url",
            "a1111",
            "<lora:x:1>",
            "(a:1e99)",
            "((((((",
            "[a:b:0.5]",
            "a|b",
            "\\ud800",
            "\\u0000",
            "../../etc/passwd",
            "http://127.0.0.1/",
            "data:image/png;base64,",
            "data:,",
            "color=#ff0000:3",
            "color=",
            "mask=/etc/passwd",
            "{x}",
            "{",
            "%s%n",
            "\\\"");
    private static final List<String> NUMBERS = List.of(
            "0",
            "1",
            "2",
            "-1",
            "4",
            "5",
            "1.5",
            "1e309",
            "-1e-400",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999999999",
            "2147483648",
            "-0",
            "NaN",
            "Infinity",
            "0x10",
            "01",
            "1e",
            "-");
    private static final List<String> HEADERS = List.of(
            "Expect: 100-continue",
            "Expect: more",
            "Connection: close",
            "Connection: Upgrade\r\nUpgrade: websocket",
            "Origin: null",
            "Origin: http://localhost",
            "Accept-Encoding: gzip, br;q=x",
            "Authorization: Basic ====",
            "Authorization: Bearer",
            "Last-Event-ID: x",
            "Content-Encoding: gzip",
            "Transfer-Encoding: identity",
            "Cookie: " + "c=d; ".repeat(300),
            "X: " + "y".repeat(20_000),
            "X:\u00e9\u0001",
            "X : y",
            "Range: bytes=0-0",
            "If-None-Match: *",
            "Content-Type: ",
            "Content-Type: text/plain; charset=nonsense",
            "Host: localhost",
            "X-Forwarded-For: 1.2.3.4",
            "TE: trailers",
            " folded");

    private final Random random;
    private final byte[] picture;

    /** How a request is sent. */
    enum Manner {
        WHOLE,
        IN_PIECES,
        HALF_CLOSED,
        CUT_OFF
    }

    /** @param isWhole whether an answer is to be expected */
    record Shot(byte[] bytes, Manner manner, boolean isWhole) {}

    /** @param picture a sound one, for requests that have one */
    HttpFuzz(long seed, byte[] picture) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.picture = picture;
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private boolean once(int in) {
        return random.nextInt(in) == 0;
    }

    Shot next() {
        boolean isPost = !once(5);
        String path = isPost ? one(POSTS) : one(GETS);
        String type = "application/json";
        byte[] body = new byte[0];
        if (isPost && (path.contains("edits") || path.contains("variations")) || isPost && once(20)) {
            String boundary = once(3) ? "b" : "----x" + "-".repeat(random.nextInt(60));
            type = "multipart/form-data; boundary=" + boundary;
            body = form(boundary);
        } else if (isPost) {
            body = object(0).getBytes(StandardCharsets.UTF_8);
        }
        body = once(3) ? mutated(body) : body;
        Manner manner = once(2) ? Manner.WHOLE : one(List.of(Manner.values()));
        boolean isWhole = manner != Manner.CUT_OFF;
        String head = (isPost
                        ? once(20) ? "PUT " : "POST "
                        : one(List.of("GET ", "HEAD ", "DELETE ", "OPTIONS ", "TRACE ", "get ")))
                + path + (once(30) ? " HTTP/1.0" : " HTTP/1.1") + "\r\nHost: localhost\r\nContent-Type: " + type
                + "\r\n";
        for (int i = random.nextInt(3); i > 0; i--) {
            head += one(HEADERS) + "\r\n";
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        if (body.length > 0 && once(3)) {
            all.writeBytes((head + "Transfer-Encoding: chunked\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            isWhole &= chunked(body, all);
        } else {
            long length = once(10) ? random.nextInt(2 * body.length + 2) : body.length;
            isWhole &= length <= body.length;
            all.writeBytes((head + "Content-Length: " + length + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            all.writeBytes(body);
        }
        return new Shot(all.toByteArray(), manner, isWhole);
    }

    /** @return whether it has an end */
    private boolean chunked(byte[] body, ByteArrayOutputStream out) {
        for (int at = 0; at < body.length; ) {
            int length = Math.min(body.length - at, 1 + random.nextInt(once(4) ? 3 : 5000));
            String size = once(50) ? one(List.of("-1", "fffffffffffffffff", "x", "")) : Integer.toHexString(length);
            out.writeBytes((size + (once(20) ? ";a=b" : "") + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            out.write(body, at, length);
            out.writeBytes((once(50) ? "" : "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            at += length;
        }
        boolean hasEnd = !once(10);
        if (hasEnd) {
            out.writeBytes("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        }
        return hasEnd;
    }

    private String object(int depth) {
        StringBuilder text = new StringBuilder("{");
        if (depth == 0 && !once(4)) {
            text.append("\"prompt\":\"a cat\",\"steps\":2,"); // so that most are drawn
        }
        for (int i = random.nextInt(6); i >= 0; i--) {
            text.append('"')
                    .append(one(FIELDS))
                    .append("\":")
                    .append(value(depth))
                    .append(i == 0 ? "" : ",");
        }
        return text.append('}').toString();
    }

    private String value(int depth) {
        return switch (random.nextInt(depth > 4 ? 5 : 9)) {
            case 0, 1 -> '"' + one(TEXTS) + '"';
            case 2 -> one(NUMBERS);
            case 3 -> one(List.of("null", "true", "false", "{}", "[]", "\"\""));
            case 4 ->
                once(5)
                        ? one(List.of(
                                "[".repeat(5000), "\"" + "a ".repeat(40_000) + "\"", "[" + "1,".repeat(5000) + "1]"))
                        : '"' + Base64.getEncoder().encodeToString(once(2) ? picture : mutated(picture)) + '"';
            case 5, 6 -> object(depth + 1);
            default -> "[" + value(depth + 1) + (once(2) ? "" : "," + value(depth + 1)) + "]";
        };
    }

    private byte[] form(String boundary) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = once(30) ? 250 : random.nextInt(5); i >= 0; i--) {
            String name = once(2) ? one(List.of("image", "image[]", "mask", "image[0]")) : one(FIELDS);
            boolean isFile = name.startsWith("image") || name.equals("mask") || once(10);
            out.writeBytes(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + '"'
                            + (isFile ? "; filename=\"" + one(List.of("../x.png", "", "a\"b")) + '"' : "") + "\r\n"
                            + (once(5) ? "Content-Type: image/png\r\n" : "") + (once(30) ? "X: y\r\n".repeat(2000) : "")
                            + "\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            out.writeBytes(
                    !isFile
                            ? one(once(2) ? TEXTS : NUMBERS).getBytes(StandardCharsets.ISO_8859_1)
                            : once(2) ? picture : mutated(picture));
            out.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
        }
        out.writeBytes(("--" + boundary + (once(10) ? "" : "--\r\n")).getBytes(StandardCharsets.ISO_8859_1));
        return out.toByteArray();
    }

    /** Some bytes changed, a part of it missing, or there twice. */
    private byte[] mutated(byte[] whole) {
        if (whole.length == 0) {
            return whole;
        }
        byte[] body = whole.clone();
        int at = random.nextInt(body.length);
        switch (random.nextInt(4)) {
            case 0 -> body[at] = (byte) random.nextInt(256);
            case 1 -> body = java.util.Arrays.copyOf(body, at);
            case 2 -> {
                body = java.util.Arrays.copyOf(body, body.length + at);
                System.arraycopy(whole, 0, body, whole.length, at);
            }
            default -> {
                for (int i = 0; i < 8; i++) {
                    body[random.nextInt(body.length)] = (byte) "{}[]\":,-0\r\n\\u".charAt(random.nextInt(13));
                }
            }
        }
        return body;
    }
}
