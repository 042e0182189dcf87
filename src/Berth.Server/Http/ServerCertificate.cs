using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Berth.Server.Http;

/// <summary>
/// The server's certificate. When connections arrive, the files are checked again every few seconds, so that a renewed certificate is used
/// without a restart. If the new files do not work (the key may not be written yet), the old certificate stays.
/// </summary>
internal sealed partial class ServerCertificate
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);
    private readonly TlsOptions _options;
    private readonly AddressOptions _address;
    private readonly TimeProvider _time;
    private readonly ILogger<ServerCertificate> _logger;
    private volatile PemCertificate? _current;
    private PemFiles? _refused;
    private string? _fault;
    private long _looked;

    public ServerCertificate(TlsOptions options, AddressOptions address, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        (_options, _address, _time, _logger) = (options, address, time, logger);
        _looked = time.GetUtcNow().Ticks;
        if (!string.IsNullOrEmpty(options.TlsCertFile))
        {
            Look();
        }
    }

    /// <summary>Uses https if there is a certificate, and plain http otherwise.</summary>
    public void Serve(ListenOptions listen)
    {
        if (!string.IsNullOrEmpty(_options.TlsCertFile))
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = Current.Context }),
            });
        }
    }

    /// <summary>The certificate as the files were at most a few seconds ago.</summary>
    public PemCertificate Current
    {
        get
        {
            var (now, looked) = (_time.GetUtcNow().Ticks, Interlocked.Read(ref _looked));
            if (Math.Abs(now - looked) >= LookAgainAfter.Ticks && Interlocked.CompareExchange(ref _looked, now, looked) == looked)
            {
                Look();
            }

            return _current ?? throw new InvalidOperationException("the server has no certificate");
        }
    }

    private void Look()
    {
        try
        {
            var files = PemFiles.Read(_options);
            if (files == _current?.Files || files == _refused)
            {
                return;
            }

            if (!PemCertificate.TryParse(files, out var read, out var fault))
            {
                _refused = files;
                Refuse(fault);
                return;
            }

            (_current, _refused, _fault) = (read, null, null);
            var until = new DateTimeOffset(read.Leaf.NotAfter);
            LogRead(read.Leaf.Subject, until);
            if (read.Lacks(_address.HostNames).ToList() is { Count: > 0 } lacking)
            {
                LogLacking(string.Join(", ", lacking));
            }

            if (until < _time.GetUtcNow())
            {
                LogExpired(until);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Refuse(exception.Message);
        }
    }

    /// <summary>Logs a fault once, not at every look.</summary>
    private void Refuse(string fault)
    {
        if (fault != _fault)
        {
            _fault = fault;
            LogRefused(fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS: serving {Subject}, valid until {Until:u}")]
    private partial void LogRead(string subject, DateTimeOffset until);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "TLS: the certificate is not for {Names}: clients that ask for these names will refuse it")]
    private partial void LogLacking(string names);

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS: the certificate has expired ({Until:u})")]
    private partial void LogExpired(DateTimeOffset until);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "TLS: the certificate's files cannot be used, the one from before is served: {Reason}")]
    private partial void LogRefused(string reason);
}
