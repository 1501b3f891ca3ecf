// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.Limits;
import dev.diffusion4j.serve.RequestHead;
import dev.diffusion4j.serve.ServerConfig;
import dev.diffusion4j.serve.ServerExtension;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.FileRoutes;
import dev.diffusion4j.studio.base.Folders;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.Shelves;
import dev.diffusion4j.studio.base.StudioContext;
import dev.diffusion4j.studio.compare.CompareRoom;
import dev.diffusion4j.studio.data.DataRoom;
import dev.diffusion4j.studio.draw.DrawRoom;
import dev.diffusion4j.studio.gallery.GalleryRoom;
import dev.diffusion4j.studio.lessons.LessonsRoom;
import dev.diffusion4j.studio.train.TrainRoom;
import io.javalin.config.RoutesConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the command does, in the browser, on this machine.
 *
 * <pre>{@code
 * try (Studio studio = Studio.start(StudioConfig.DEFAULT.with(c -> c.folders = List.of(Path.of("runs"))))) {
 *     System.out.println(studio.address()); // http://127.0.0.1:7860/?token=…
 *     Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>Nobody comes in without the address, whose token becomes a cookie, or a key; pages of other sites cannot call; no path from a page leads out
 * of the folders that were opened; nothing is fetched from elsewhere.
 */
public final class Studio implements AutoCloseable {
    private static final Limits LIMITS = Limits.DEFAULT.with(c -> {
        c.steps = 1000;
        c.count = 100;
        c.body = 64 << 20;
    });

    private static final int QUEUE = 200;

    private final StudioConfig config;
    private final DiffusionServer server;
    private final House house;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Studio(StudioConfig config, DiffusionServer server, House house) {
        this.config = config;
        this.server = server;
        this.house = house;
    }

    /**
     * Listens.
     *
     * @throws Problem where a folder is none, or why it cannot listen
     */
    public static Studio start(StudioConfig config) {
        House house =
                new House(new Folders(config.opened()), new Entry(config.keys(), config.port()), config.command());
        ServerConfig where = ServerConfig.DEFAULT.with(c -> {
            c.host = config.host();
            c.port = config.port();
            c.keys = config.keys();
            c.limits = LIMITS;
        });
        ServiceConfig engine = ServiceConfig.DEFAULT.with(c -> c.queue = QUEUE);
        return new Studio(config, DiffusionServer.start(Map.of(), engine, where, house), house);
    }

    /** The rooms, in the order of their pages. */
    private static List<Room> rooms(StudioContext context) {
        return List.of(
                new DrawRoom(context),
                new GalleryRoom(context),
                new CompareRoom(context),
                new TrainRoom(context),
                new DataRoom(context),
                new LessonsRoom(context));
    }

    /** Where a person comes in, with the token. */
    public URI address() {
        String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
        return URI.create("http://" + host + ":" + port() + Entry.FRONT + house.entry.query());
    }

    /** The port that it listens on. */
    public int port() {
        return server.port();
    }

    /** The engine behind it. */
    public DiffusionService service() {
        return server.service();
    }

    /** Cancels what is drawn, and returns when nothing is at work any more. Trainings go on. Closing twice is fine. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        house.rooms.forEach(Room::close);
        server.stop(Duration.ZERO);
        house.clips.close();
    }

    /** What it adds to the server. */
    private static final class House implements ServerExtension {
        private final Folders folders;
        private final Entry entry;
        private final Shelves shelves;
        private final Drawn drawn;
        private final ClipGuides clips;
        private volatile @Nullable DiffusionService service;
        private final List<String> command;
        private final Pages pages = new Pages();
        private List<Room> rooms = List.of();

        House(Folders folders, Entry entry, List<String> command) {
            this.folders = folders;
            this.entry = entry;
            this.command = command;
            this.shelves = new Shelves(folders);
            this.drawn = new Drawn(folders);
            this.clips = new ClipGuides(shelves);
        }

        @Override
        public Optional<Path> lora(String name) {
            return shelves.lora(name);
        }

        @Override
        public @Nullable String keep(FinishedPicture picture) {
            return drawn.keep(picture);
        }

        @Override
        public boolean guards() {
            return true;
        }

        @Override
        public Optional<String> caller(RequestHead head) {
            return entry.caller(head);
        }

        @Override
        public boolean isOpen(RequestHead head) {
            return entry.isOpen(head);
        }

        @Override
        public Map<String, String> headers() {
            return Entry.headers();
        }

        @Override
        public Optional<LossGuidance> guide(String text) {
            DiffusionService drawing = service;
            if (drawing == null || !text.startsWith(ClipGuides.BEGINNING)) {
                return Optional.empty(); // others name files
            }
            return rooms.stream()
                    .map(room -> room.guide(text))
                    .flatMap(Optional::stream)
                    .findFirst()
                    .or(() -> clips.of(text, drawing));
        }

        @Override
        public void add(RoutesConfig routes, DiffusionService engine) {
            service = engine;
            entry.add(routes, pages);
            pages.add(routes);
            routes.get(
                    Room.API + "folders",
                    Calls.json(
                            ctx -> Map.of("folders", List.copyOf(folders.all().keySet()))));
            new FileRoutes(folders).add(routes);
            rooms = rooms(new StudioContext(folders, engine, new ModelPlaces(folders, engine), shelves, command));
            rooms.forEach(room -> room.add(routes));
        }
    }
}
