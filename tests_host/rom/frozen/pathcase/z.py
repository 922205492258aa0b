import pathcase.nowhere

HERE = pathcase.nowhere
