// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.beans.factory.config.EmbeddedValueResolver;
import org.springframework.core.MethodClassKey;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.StringUtils;

/**
 * Which executor runs an action. Belongs to one bean factory; remembers what it chose, as Spring
 * does for {@code @Async}. Thread-safe.
 */
final class ActionExecutors {
  /** The name under which Spring looks for the executor of {@code @Async} among several. */
  private static final String DEFAULT_BEAN = "taskExecutor";

  private final Map<MethodClassKey, FermataTaskExecutor> chosen = new ConcurrentHashMap<>();
  private final BeanFactory beans;

  ActionExecutors(BeanFactory beans) {
    this.beans = beans;
  }

  /**
   * @param method as the target's class declares or inherits it
   */
  FermataTaskExecutor of(Method method, Class<?> target) {
    MethodClassKey key = new MethodClassKey(method, target);
    FermataTaskExecutor known = chosen.get(key);
    if (known != null) {
      return known;
    }
    // Not by computeIfAbsent: making the bean may call an action.
    String name = name(method, target);
    FermataTaskExecutor executor =
        StringUtils.hasText(name)
            ? BeanFactoryAnnotationUtils.qualifiedBeanOfType(beans, FermataTaskExecutor.class, name)
            : byDefault(method);
    chosen.put(key, executor);
    return executor;
  }

  private String name(Method method, Class<?> target) {
    Action action = AnnotatedElementUtils.findMergedAnnotation(method, Action.class);
    if (action == null) {
      action = AnnotatedElementUtils.findMergedAnnotation(target, Action.class);
    }
    String name = action == null ? "" : action.value();
    return beans instanceof ConfigurableBeanFactory configurable
        ? new EmbeddedValueResolver(configurable).resolveStringValue(name)
        : name;
  }

  private FermataTaskExecutor byDefault(Method method) {
    try {
      return beans.getBean(FermataTaskExecutor.class);
    } catch (NoUniqueBeanDefinitionException several) {
      if (beans.containsBean(DEFAULT_BEAN)
          && beans.isTypeMatch(DEFAULT_BEAN, FermataTaskExecutor.class)) {
        return beans.getBean(DEFAULT_BEAN, FermataTaskExecutor.class);
      }
      throw new IllegalStateException(
          "Which FermataTaskExecutor runs "
              + method
              + "? There are "
              + several.getBeanNamesFound()
              + ": name one by @Action(\"…\"), make one primary, or call one "
              + DEFAULT_BEAN,
          several);
    } catch (NoSuchBeanDefinitionException none) {
      throw new IllegalStateException(
          method + " is marked @Action, but there is no bean of type FermataTaskExecutor", none);
    }
  }
}
