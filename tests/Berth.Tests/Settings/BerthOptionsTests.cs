using Berth.Server;
using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Tests.Settings;

public sealed class BerthOptionsTests
{
    [Theory]
    [InlineData(nameof(BerthOptions.Listen), "BERTH_LISTEN")]
    [InlineData(nameof(BerthOptions.MasterKeyFile), "BERTH_MASTER_KEY_FILE")]
    [InlineData(nameof(BerthOptions.TlsCertFile), "BERTH_TLS_CERT_FILE")]
    [InlineData(nameof(BerthOptions.MaxLayerGiB), "BERTH_MAX_LAYER_GIB")]
    [InlineData(nameof(BerthOptions.AllowFileClone), "BERTH_ALLOW_FILE_CLONE")]
    public void A_setting_has_a_variable(string property, string variable) => Assert.Equal(variable, SettingsFeature.VariableOf(property));

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(
            [
                "--BERTH_URL=http://example.org/x", "--BERTH_LISTEN=nowhere", "--BERTH_DATABASE=mysql:x", "--BERTH_BLOBS=ftp:x",
                "--BERTH_ADMIN_TOKEN=short", "--BERTH_TLS_CERT_FILE=/nonexistent.pem", "--BERTH_ALLOWED_NETWORKS=10.0.0.0/99",
                "--BERTH_DOCKER_HOST=tcp://1.2.3.4", "--BERTH_MAX_LAYER_GIB=0",
            ]));
        Assert.Equal(
            [
                "BERTH_URL must have no path, query or user",
                "BERTH_URL may be plain http only for loopback, or behind a proxy named in BERTH_TRUSTED_PROXIES",
                "BERTH_LISTEN must be host:port with a host that is localhost, * or an address, not 'nowhere'",
                "BERTH_DATABASE must be sqlite:PATH or postgres:CONNECTION-STRING",
                "BERTH_BLOBS must be file:PATH",
                "BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE go together",
                "BERTH_TLS_CERT_FILE: no such file: /nonexistent.pem",
                "BERTH_ALLOWED_NETWORKS: '10.0.0.0/99' is not an address or a network such as 10.0.0.0/8, nor a host name",
                "BERTH_MAX_LAYER_GIB must be greater than 0, not 0",
                "BERTH_DOCKER_HOST must be a local socket, unix:///PATH",
                "BERTH_ADMIN_TOKEN must have at least 20 characters",
            ],
            exception.Failures);
    }

    [Fact]
    public void A_value_of_the_wrong_type_names_its_variable()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build(["--BERTH_SUBDOMAINS=perhaps"]));
        Assert.Equal(["BERTH_SUBDOMAINS: 'perhaps' is not a Boolean"], exception.Failures);
    }

    [Theory]
    [InlineData("BERTH_SPARSE_INDEXES", "BERTH_SPARSE_MANIFESTS")]
    [InlineData("Berth:SparseIndexes", "Berth:SparseManifests")]
    public void A_setting_that_was_renamed_ends_the_start_with_its_new_name(string old, string now)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build([$"--{old}=true"]));
        Assert.Equal([$"{old} is called {now} now"], exception.Failures);
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("https://127.0.0.1")]
    public void Subdomains_need_a_name(string url)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => BerthApplication.Build([$"--BERTH_URL={url}", "--BERTH_SUBDOMAINS=true"]));
        Assert.Equal(["BERTH_SUBDOMAINS needs a DNS name in BERTH_URL, not an address or localhost"], exception.Failures);
    }
}
