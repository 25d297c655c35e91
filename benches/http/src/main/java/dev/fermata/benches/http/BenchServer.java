// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;

/**
 * The server of all contenders, a process of its own: Netty, HTTP/1.1 on two ports, HTTP/1.1 and
 * HTTP/2 under TLS on two more. An answer that waits is a timer of an event loop.
 *
 * <pre>BenchServer KEYSTORE PASSWORD</pre>
 *
 * <p>Prints its ports, first the two without TLS, once it answers; ends when its standard input
 * does, thus with the process that started it.
 */
public final class BenchServer {
  /** More than are asked for at once, so that no client needs a second connection for them. */
  private static final int MAX_STREAMS = 20_000;

  private static final int BACKLOG = 20_000;

  /** More than the whole of a burst of handshakes takes; the default is 10 s. */
  private static final long HANDSHAKE_SECONDS = 60;

  private static final int LOOPS = 2;

  private final EventLoopGroup accepting = new EpollEventLoopGroup(1);
  private final EventLoopGroup serving = new EpollEventLoopGroup(LOOPS);
  private final SslContext tls;

  private BenchServer(SslContext tls) {
    this.tls = tls;
  }

  public static void main(String[] args) throws Exception {
    BenchServer server = new BenchServer(tls(Path.of(args[0]), args[1].toCharArray()));
    ChannelInitializer<Channel> plain = initializer(BenchServer::speakHttp1);
    ChannelInitializer<Channel> secure = initializer(server::negotiate);
    System.out.println(
        String.join(
            " ",
            server.listen(plain),
            server.listen(plain),
            server.listen(secure),
            server.listen(secure)));
    int read = 0;
    while (read >= 0) {
      read = System.in.read();
    }
    Runtime.getRuntime().halt(0);
  }

  private static SslContext tls(Path file, char[] password) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, password);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password);
    return SslContextBuilder.forServer(managers)
        .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                ApplicationProtocolNames.HTTP_2,
                ApplicationProtocolNames.HTTP_1_1))
        .build();
  }

  private String listen(ChannelHandler handler) throws InterruptedException {
    Channel listening =
        new ServerBootstrap()
            .group(accepting, serving)
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(handler)
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
    return String.valueOf(((InetSocketAddress) listening.localAddress()).getPort());
  }

  private void negotiate(ChannelPipeline connection) {
    SslHandler encryption = tls.newHandler(connection.channel().alloc());
    encryption.setHandshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    connection.addLast(
        encryption,
        new ApplicationProtocolNegotiationHandler(ApplicationProtocolNames.HTTP_1_1) {
          @Override
          protected void configurePipeline(ChannelHandlerContext context, String protocol) {
            if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
              speakHttp2(context.pipeline());
            } else {
              speakHttp1(context.pipeline());
            }
          }
        });
  }

  private static void speakHttp1(ChannelPipeline connection) {
    connection.addLast(new HttpServerCodec(), new AnswerHandler());
  }

  private static void speakHttp2(ChannelPipeline connection) {
    connection.addLast(
        Http2FrameCodecBuilder.forServer()
            .initialSettings(Http2Settings.defaultSettings().maxConcurrentStreams(MAX_STREAMS))
            .build(),
        new Http2MultiplexHandler(
            initializer(
                stream ->
                    stream.addLast(
                        new Http2StreamFrameToHttpObjectCodec(true), new AnswerHandler()))));
  }

  private static ChannelInitializer<Channel> initializer(PipelineSetUp setUp) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        setUp.accept(channel.pipeline());
      }
    };
  }

  private interface PipelineSetUp {
    void accept(ChannelPipeline pipeline);
  }
}
