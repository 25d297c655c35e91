// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

/** What is left when contexts are closed: nothing. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestartTest {
  private static final String[] PREFIXES = {"again", "fermata"};

  @Test
  void thirtyRestartsLeaveNoThreadAndNoBean() throws Exception {
    NewThreads threads = new NewThreads(PREFIXES);
    for (int i = 0; i < 30; i++) {
      new Application().call();
    }

    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
    assertThat(
            ManagementFactory.getPlatformMBeanServer()
                .queryNames(new ObjectName("dev.fermata:name=again*,*"), null))
        .isEmpty();
  }

  /** On Java 17 a loader stays once Spring runs @Async in it, on its own pool as well. */
  @Test
  @Tag("java21")
  void aContextOfAClassLoaderOfItsOwnIsCollectedWithIt() throws Exception {
    List<String> lines =
        new SpringProcess().with("-XX:SoftRefLRUPolicyMSPerMB=0").run(ManyLoaders.class, "3");

    assertThat(lines).contains("3 loaders: collected, without threads");
  }

  /** Uses Spring and Fermata in class loaders of their own alone. */
  static final class ManyLoaders {
    private ManyLoaders() {}

    public static void main(String[] arguments) throws Exception {
      int loaders = Integer.parseInt(arguments[0]);
      NewThreads threads = new NewThreads(PREFIXES);
      List<WeakReference<ClassLoader>> used = new ArrayList<>();
      for (int i = 0; i < loaders; i++) {
        used.add(useOnce());
      }
      Waiting.until(
          "every loader is collected",
          () -> {
            System.gc();
            return used.stream().allMatch(loader -> loader.get() == null);
          });
      Waiting.until("no thread is left", () -> threads.alive().isEmpty());
      System.out.println(loaders + " loaders: collected, without threads");
    }

    /** On a thread of its own, as its thread-locals are. */
    private static WeakReference<ClassLoader> useOnce() throws Exception {
      try (URLClassLoader loader = isolated()) {
        Class<?> application = loader.loadClass(Application.class.getName());
        FutureTask<?> run =
            new FutureTask<>((Callable<?>) application.getConstructor().newInstance());
        Thread thread = new Thread(run, "application");
        thread.setContextClassLoader(loader);
        thread.start();
        Waiting.get(run);
        thread.join();
        return new WeakReference<>(loader);
      }
    }

    private static URLClassLoader isolated() throws Exception {
      List<URL> classPath = new ArrayList<>();
      for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
        classPath.add(new File(element).toURI().toURL());
      }
      return new URLClassLoader(
          classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }
  }

  /** What one context does: everything that could leave something behind. */
  public static final class Application implements Callable<Void> {
    /** Called by reflection in the process of many loaders. */
    public Application() {}

    @Override
    public Void call() throws Exception {
      Gate never = new Gate();
      try (AnnotationConfigApplicationContext context =
          new AnnotationConfigApplicationContext(Beans.class, Remote.class, Calls.class)) {
        Calls calls = context.getBean(Calls.class);
        check(calls.fanOut().equals("one two one"));
        check(Waiting.get(calls.future()).equals("value"));
        check(Waiting.get(context.getBean(Remote.class).future("x")).equals("x"));
        FermataTaskExecutor executor = context.getBean("again", FermataTaskExecutor.class);
        Gate running = new Gate(2);
        CompletableFuture<Void> task =
            executor.submitCompletable(
                () -> {
                  running.open();
                  never.await();
                });
        CompletableFuture<Object> action =
            executor.submitAction(
                () -> {
                  running.open();
                  never.await();
                  return null;
                });
        running.await();
        executor.shutdown();
        Waiting.until("nothing goes on", () -> task.isDone() && action.isDone());
      }
      return null;
    }

    private static void check(boolean holds) {
      if (!holds) {
        throw new AssertionError("the application did not do what it does");
      }
    }
  }

  @Configuration
  @EnableAsync
  @EnableFermata
  static class Beans {
    @Bean
    FermataTaskExecutor again() {
      return new FermataTaskExecutor();
    }

    @Bean
    FermataTaskExecutor againActions() {
      FermataTaskExecutor executor = new FermataTaskExecutor();
      executor.setTasks(TaskMode.ACTION);
      return executor;
    }
  }

  static class Remote {
    @Async("again")
    public String plain(String value) {
      return value;
    }

    @Async("againActions")
    public CompletableFuture<String> future(String value) {
      return CompletableFuture.completedFuture(value);
    }
  }

  static class Calls {
    private final Remote remote;

    Calls(Remote remote) {
      this.remote = remote;
    }

    @Action("again")
    public String fanOut() {
      CompletableFuture<String> two = remote.future("two");
      String one = remote.plain("one");
      return one + " " + two.join() + " " + one;
    }

    @Action("againActions")
    public CompletableFuture<String> future() {
      return CompletableFuture.completedFuture("value");
    }
  }
}
