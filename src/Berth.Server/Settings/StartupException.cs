namespace Berth.Server.Settings;

/// <summary>A fault of the installation that ends the start with one message and no stack trace.</summary>
internal sealed class StartupException(string message) : Exception(message);
