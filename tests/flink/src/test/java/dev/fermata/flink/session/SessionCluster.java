// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.session;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.lang.ref.WeakReference;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * A cluster in a process of its own that runs the job of a user jar again and again. Arguments: the
 * jar, how many times. Then, whenever it reads a line, it collects garbage and prints how many
 * class loaders the jobs had and how many of these are left, until its input ends.
 */
public final class SessionCluster {
  /** Name of the entry of the system properties, a collection, to which jobs add their loaders. */
  static final String LOADERS = "fermata.test.loaders";

  private SessionCluster() {}

  /** Ends the process itself: threads of the cluster would keep it alive. */
  public static void main(String[] arguments) {
    int status = 1;
    try {
      run(arguments[0], Integer.parseInt(arguments[1]));
      status = 0;
    } catch (Exception | AssertionError failed) {
      failed.printStackTrace();
    }
    System.exit(status);
  }

  private static void run(String jar, int jobs) throws Exception {
    Collection<WeakReference<ClassLoader>> loaders = new ConcurrentLinkedQueue<>();
    System.getProperties().put(LOADERS, loaders);
    MiniClusterConfiguration configuration =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(new Configuration())
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(1)
            .build();
    MiniCluster cluster = new MiniCluster(configuration);
    cluster.start();
    for (int i = 0; i < jobs; i++) {
      submit(cluster, jar);
    }
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
    while (questions.readLine() != null) {
      // The first collection spares what was used since the last one: the entry of the probe.
      System.gc();
      System.gc();
      // Lets the JDK's caches for serialization, which miss the probe, drop cleared classes.
      ObjectStreamClass.lookup(Probe.class);
      long left = loaders.stream().filter(loader -> loader.get() != null).count();
      System.out.println(loaders.size() + " loaders came, " + left + " are left");
    }
  }

  /** The program is closed last: it then deletes the libraries that it found in its jar. */
  private static void submit(MiniCluster cluster, String jar) throws Exception {
    Configuration configuration = new Configuration();
    try (PackagedProgram program =
        PackagedProgram.newBuilder()
            .setJarFile(new File(jar))
            .setEntryPointClassName("dev.fermata.flink.session.WaitingJob")
            .setConfiguration(configuration)
            .build()) {
      cluster.executeJobBlocking(
          PackagedProgramUtils.createJobGraph(program, configuration, 1, false));
    }
  }

  /** A class that nobody else looks up. */
  private static final class Probe implements Serializable {
    private static final long serialVersionUID = 1L;
  }
}
