// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.io.Serializable;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with agents in a user jar, on a session cluster that has the drop-in in {@code lib/}. */
class RestartTest {
  private static final int JOBS = 20 / Integer.getInteger("fermata.test.divisor", 1);

  @Test
  void manyJobsLeaveNoLoaderAndNoThread(@TempDir Path folder) throws Exception {
    String output =
        new AgentProcess()
            // Caches of the JDK hold classes softly.
            .with("-XX:SoftRefLRUPolicyMSPerMB=0")
            .with("-Djob.jar=" + userJar(folder))
            .with("-Djobs=" + JOBS)
            .run(Session.class, 0);

    assertThat(output)
        .contains(JOBS + " loaders came, 0 are left, and no thread")
        .contains("Actions of Flink Agents wait by Fermata");
  }

  private static Path userJar(Path folder) throws IOException {
    Path jar = folder.resolve("job.jar");
    Path classes = Path.of("target", "test-classes");
    Path job = classes.resolve("dev/fermata/flink/agents");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file);
        DirectoryStream<Path> types = Files.newDirectoryStream(job, "*.class")) {
      for (Path type : types) {
        entries.putNextEntry(new JarEntry(classes.relativize(type).toString()));
        Files.copy(type, entries);
      }
    }
    return jar;
  }

  /** Tells of the class loader that it was loaded by, and makes a call. */
  public static final class LoadedAgent extends Agent {
    private static final String LOADERS = "loaders of LoadedAgent";

    static {
      loaders().add(new WeakReference<>(LoadedAgent.class.getClassLoader()));
    }

    /** In the one place that all class loaders of a process share. */
    @SuppressWarnings("unchecked")
    private static Collection<WeakReference<ClassLoader>> loaders() {
      return (Collection<WeakReference<ClassLoader>>)
          System.getProperties().computeIfAbsent(LOADERS, key -> new ConcurrentLinkedQueue<>());
    }

    /**
     * Answers.
     *
     * @param event an input
     * @param context of the action
     * @throws Exception if the call fails
     */
    @Action(listenEvents = {InputEvent.class})
    public static void answer(Event event, RunnerContext context) throws Exception {
      context.sendEvent(new OutputEvent(Calls.call(context, () -> "answer")));
    }
  }

  /** The cluster, and what it finds after its jobs. */
  public static final class Session {
    private static final int MOST_LOOKS = 100;

    private Session() {}

    /**
     * Runs the jobs.
     *
     * @param arguments none
     * @throws Exception if one fails
     */
    public static void main(String[] arguments) throws Exception {
      MiniCluster cluster =
          new MiniCluster(
              new MiniClusterConfiguration.Builder()
                  .setConfiguration(new Configuration())
                  .withRandomPorts()
                  .build());
      cluster.start();
      URI address = cluster.getRestAddress().get();
      for (int i = 0; i < Integer.getInteger("jobs"); i++) {
        new AgentJob(new LoadedAgent(), 3)
            .runOn(
                StreamExecutionEnvironment.createRemoteEnvironment(
                    address.getHost(), address.getPort(), System.getProperty("job.jar")));
      }
      Collection<WeakReference<ClassLoader>> loaders = LoadedAgent.loaders();
      loaders.removeIf(loader -> loader.get() == Session.class.getClassLoader());
      String found = look(loaders);
      for (int i = 0; i < MOST_LOOKS && !found.endsWith(", 0 are left, and no thread"); i++) {
        found = look(loaders);
      }
      System.out.println(found);
      System.exit(0);
    }

    private static String look(Collection<WeakReference<ClassLoader>> loaders) throws IOException {
      // The first collection spares what was used since the last one: the entry of the probe.
      System.gc();
      System.gc();
      // Lets the JDK's caches for serialization, which miss the probe, drop cleared classes.
      ObjectStreamClass.lookup(Probe.class);
      long left = loaders.stream().filter(loader -> loader.get() != null).count();
      List<String> threads = threads();
      return loaders.size()
          + " loaders came, "
          + left
          + " are left, and "
          + (threads.isEmpty() ? "no thread" : threads);
    }

    /** Threads of the drop-in, as the operating system knows them. */
    private static List<String> threads() throws IOException {
      List<String> names = new ArrayList<>();
      try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
        for (Path thread : threads) {
          names.add(nameOf(thread));
        }
      }
      names.removeIf(name -> !name.startsWith("flink-agents"));
      return names;
    }

    private static String nameOf(Path thread) throws IOException {
      try {
        return Files.readString(thread.resolve("comm")).trim();
      } catch (NoSuchFileException endedMeanwhile) {
        return "";
      }
    }

    /** A class that nobody else looks up. */
    private static final class Probe implements Serializable {
      private static final long serialVersionUID = 1L;
    }
  }
}
