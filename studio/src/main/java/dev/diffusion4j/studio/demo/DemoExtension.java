// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.GuideSpec;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.serve.Answers;
import dev.diffusion4j.serve.PictureForm;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.serve.RequestHead;
import dev.diffusion4j.serve.ServerExtension;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.studio.base.ClipTexts;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The page of a demo, and its last picture as a file. */
final class DemoExtension implements ServerExtension, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DemoExtension.class);

    /** The file of the course's demo. */
    static final String LAST = "test.jpeg";

    private static final PictureForm JPEG = new PictureForm(PictureForm.Kind.JPEG, 0.92f);

    /** Spaces show their apps in a frame of the Hub's page. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
                    + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self' https://huggingface.co";

    private final DemoConfig config;
    private final Path folder;
    private final boolean isPublic;
    private final @Nullable ClipTexts texts;
    private volatile @Nullable DiffusionService service;

    DemoExtension(DemoConfig config, Path folder, String host) {
        this.config = config;
        this.folder = folder;
        this.isPublic = !isLoopback(host);
        this.texts = config.clip() == null ? null : new ClipTexts(folder.resolve(config.clip()), LOG::info);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return true; // which the server's config then says
        }
    }

    @Override
    public boolean isOpen(RequestHead head) {
        return true;
    }

    @Override
    public boolean hasAnyName() {
        return isPublic;
    }

    @Override
    public Map<String, String> headers() {
        return Map.of(
                "Content-Security-Policy",
                POLICY,
                "X-Content-Type-Options",
                "nosniff",
                "Referrer-Policy",
                "no-referrer");
    }

    /** The losses that look with the packed CLIP; the others the server has itself. */
    @Override
    public Optional<LossGuidance> guide(String text) {
        DiffusionService drawing = service;
        boolean isMine =
                texts != null && drawing != null && GuideSpec.parse(text).name().equals(DemoGuide.CLIP.key());
        return texts == null || drawing == null || !isMine
                ? Optional.empty()
                : Optional.of(texts.of(text, ClipTexts.usedBy(drawing)));
    }

    @Override
    public @Nullable String keep(FinishedPicture picture) {
        try {
            byte[] file = JPEG.bytes(picture.image(), Map.of());
            AtomicFile.write(folder.resolve(LAST), out -> out.write(file));
            return LAST;
        } catch (Problem e) { // a folder that cannot be written to: the page shows the picture all the same
            LOG.warn("{}", e.getMessage());
            return null;
        }
    }

    @Override
    public void add(RoutesConfig routes, DiffusionService drawing) {
        service = drawing;
        routes.get("/", ctx -> page(ctx, "demo.html", "text/html; charset=utf-8"));
        routes.get("/demo.js", ctx -> page(ctx, "demo.js", "text/javascript; charset=utf-8"));
        routes.get("/demo.css", ctx -> page(ctx, "demo.css", "text/css; charset=utf-8"));
        routes.get("/demo.json", ctx -> Answers.json(ctx, 200, config.page()));
        routes.get("/" + LAST, this::last);
    }

    private void last(Context ctx) throws IOException {
        Path file = folder.resolve(LAST);
        if (!Files.isRegularFile(file)) {
            throw Refusal.missing("no picture was drawn yet");
        }
        ctx.header("Cache-Control", "no-store").contentType("image/jpeg").result(Files.readAllBytes(file));
    }

    private static void page(Context ctx, String name, String type) throws IOException {
        try (InputStream in = DemoExtension.class.getResourceAsStream("/demo/" + name)) {
            if (in == null) {
                throw new IllegalStateException("demo/" + name + " is not on the class path");
            }
            ctx.header("Cache-Control", "no-cache").contentType(type).result(in.readAllBytes());
        }
    }

    @Override
    public void close() {
        if (texts != null) {
            texts.close();
        }
    }
}
